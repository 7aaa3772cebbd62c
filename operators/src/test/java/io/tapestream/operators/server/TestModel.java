package io.tapestream.operators.server;

import io.tapestream.optimizers.Optimizer;

/** A model that is nothing but its initial values. */
record TestModel(
    Optimizer optimizer, boolean meanLoss, int size, long initialRound, long initialRecords)
    implements ServedModel {

  TestModel(Optimizer optimizer, boolean meanLoss, int size) {
    this(optimizer, meanLoss, size, 0, 0);
  }

  @Override
  public Optimizer optimizer(ClassLoader userClasses) {
    return optimizer;
  }

  @Override
  public boolean meanLoss(ClassLoader userClasses) {
    return meanLoss;
  }

  @Override
  public float[] initialValues(ClassLoader userClasses) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) Math.sin(i);
    }
    return values;
  }
}
