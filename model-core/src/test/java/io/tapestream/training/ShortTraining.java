package io.tapestream.training;

import io.tapestream.backend.Padding;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.LSTM;
import io.tapestream.layers.LayerNormalization;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Adam;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** Trains a few small models and prints their parameters, a model a line. */
final class ShortTraining {

  public static void main(String[] args) {
    print(
        Sequential.of(
            new Flatten(),
            new Dense(20, ActivationFunction.TANH),
            new BatchNormalization(),
            new Dropout(0.3),
            new Dense(9, ActivationFunction.SIGMOID),
            new Dense(3)),
        Shape.of(8, 6));
    print(
        Sequential.of(new LSTM(7, true), new LayerNormalization(), new Flatten(), new Dense(3)),
        Shape.of(8, 6));
    print(
        Sequential.of(
            new Conv2D(5, 3, Padding.SAME, ActivationFunction.RELU),
            new MaxPooling2D(),
            new Flatten(),
            new Dense(3)),
        Shape.of(8, 6, 1));
  }

  private static void print(Model model, Shape input) {
    int n = 40;
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
    }
    Tensor x = Tensor.of(Reference.uniform(1, n * input.size()), n, input.size());
    Batch data = Batch.of(x.view(0, input.prepend(n)), Tensor.of(labels));
    model.build(input, 1);
    model.compile(new Adam(0.01), new SparseCategoricalCrossEntropy(true), new Accuracy());
    model.fit(data, FitOptions.of(16, 4).shuffled(2));
    model.evaluate(data);
    StringBuilder line = new StringBuilder();
    for (float parameter : model.parameters().values().toFloats()) {
      line.append(parameter).append(' ');
    }
    System.out.println(line.toString().trim());
  }

  private ShortTraining() {}
}
