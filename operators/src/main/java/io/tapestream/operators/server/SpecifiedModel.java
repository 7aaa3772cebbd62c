package io.tapestream.operators.server;

import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.StartVersion;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.tensor.Shape;
import java.io.IOException;

/**
 * The model as the job's settings specify it.
 *
 * @param model the specifications
 * @param input gives the shape that the model is built for
 */
record SpecifiedModel(ModelSettings model, InputSettings input) implements ServedModel {

  @Override
  public Optimizer optimizer(ClassLoader userClasses) {
    return model.optimizer(userClasses);
  }

  @Override
  public boolean meanLoss(ClassLoader userClasses) {
    return model.loss(userClasses).mean();
  }

  @Override
  public float[] initialValues(ClassLoader userClasses) throws IOException {
    try (Model built = model.model(userClasses)) {
      built.build(Shape.of(input.shape().stream().mapToInt(d -> d).toArray()), model.seed());
      StartVersion start = model.start();
      if (start != null) {
        start.load(built);
      }
      ParameterVector parameters = built.parameters();
      float[] values = new float[parameters.size()];
      parameters.read(0, values, 0, values.length);
      return values;
    }
  }

  @Override
  public long initialRound() {
    return model.start() == null ? 0 : model.start().round();
  }

  @Override
  public long initialRecords() {
    return model.start() == null ? 0 : model.start().records();
  }
}
