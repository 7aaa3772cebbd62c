package io.tapestream.examples;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.callbacks.ProgressBar;
import io.tapestream.layers.Context;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.ops.Mean;
import io.tapestream.optimizers.Adam;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.VectorUpdate;

/** One subclassed model, trained by a loop with a tape and by {@code fit}, on the same batches. */
public final class LeNetTwice {
  private static final int EPOCHS = 4;
  private static final int BATCH = 32;
  private static final Adam ADAM = new Adam(0.003);
  private static final Batch TRAINING = Digits.of(640, 1);
  private static final Batch UNSEEN = Digits.of(200, 2);

  /** Trains twice, and prints both accuracies. */
  public static void main(String[] args) {
    System.out.printf("by the loop %.3f%n", byLoop());
    System.out.printf("by fit      %.3f%n", byFit());
  }

  /** The accuracy on unseen digits after a loop over the batches. */
  @SuppressWarnings("try") // a workspace's scope acts by being open
  static double byLoop() {
    LeNet model = new LeNet();
    model.build(Shape.of(28, 28, 1), 42);
    SparseCategoricalCrossEntropy lossFunction = new SparseCategoricalCrossEntropy(true);
    VectorUpdate optimizer = new VectorUpdate(model, ADAM);
    try (Workspace memory = new Workspace()) {
      for (int step = 0; step < EPOCHS * TRAINING.size() / BATCH; step++) {
        int from = step * BATCH % TRAINING.size();
        Batch batch = TRAINING.slice(from, from + BATCH);
        try (Workspace.Scope scope = memory.enter();
            GradientTape tape = new GradientTape()) {
          Tensor logits = model.apply(batch.features(), Context.training(0, 0, step));
          Tensor loss = Mean.of(lossFunction.perExample(logits, batch.labels()));
          optimizer.applyGradients(tape.gradient(loss, model.trainableVariables()));
        }
      }
    }
    return accuracy(model);
  }

  /** The accuracy on unseen digits after {@code fit}. */
  static double byFit() {
    LeNet model = new LeNet();
    model.build(Shape.of(28, 28, 1), 42);
    model.compile(ADAM, new SparseCategoricalCrossEntropy(true), new Accuracy());
    model.fit(TRAINING, FitOptions.of(BATCH, EPOCHS).validatedOn(UNSEEN).with(new ProgressBar()));
    return accuracy(model);
  }

  private static double accuracy(Model model) {
    model.compile(ADAM, new SparseCategoricalCrossEntropy(true), new Accuracy());
    return model.evaluate(UNSEEN).metric("accuracy");
  }

  private LeNetTwice() {}
}
