package io.tapestream.examples;

import static io.tapestream.layers.ActivationFunction.RELU;

import io.tapestream.backend.Padding;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.Input;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Adam;
import io.tapestream.tensor.Shape;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.Scores;

/** The same model sequential, functional and subclassed: the same parameters, bit for bit. */
public final class ThreeWays {

  /** A chain of layers. */
  static Model sequential() {
    return Sequential.of(
        new Conv2D(6, 5, Padding.SAME, RELU),
        new MaxPooling2D(2),
        new Conv2D(16, 5, RELU),
        new MaxPooling2D(2),
        new Flatten(),
        new Dense(120, RELU),
        new Dense(84, RELU),
        new Dense(Digits.CLASSES));
  }

  /** A graph of layers, from an input to an output. */
  static Model functional() {
    SymbolicTensor image = Input.of(28, 28, 1).named("image");
    SymbolicTensor x = new Conv2D(6, 5, Padding.SAME, RELU).apply(image);
    x = new MaxPooling2D(2).apply(x);
    x = new Conv2D(16, 5, RELU).apply(x);
    x = new MaxPooling2D(2).apply(x);
    x = new Flatten().apply(x);
    x = new Dense(120, RELU).apply(x);
    x = new Dense(84, RELU).apply(x);
    return Model.of(image, new Dense(Digits.CLASSES).apply(x).named("digit"));
  }

  /** Trains all three, and prints what they have learned. */
  public static void main(String[] args) {
    for (Model model : new Model[] {sequential(), functional(), new LeNet()}) {
      System.out.println(train(model));
      System.out.println(model.summary());
    }
  }

  /** Loss and accuracy on unseen digits. */
  static Scores train(Model model) {
    Batch training = Digits.of(640, 1);
    model.build(Shape.of(28, 28, 1), 42);
    model.compile(new Adam(0.003), new SparseCategoricalCrossEntropy(true), new Accuracy());
    model.fit(training, FitOptions.of(32, 2).shuffled(1));
    return model.evaluate(Digits.of(200, 2));
  }

  private ThreeWays() {}
}
