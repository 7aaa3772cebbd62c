package io.tapestream.examples;

import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.strategies.MirroredStrategy;
import io.tapestream.tensor.Shape;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;

/** {@code fit} on all cores: what is compiled in a strategy's scope is trained by its replicas. */
public final class Mirrored {
  private static final int BATCH_PER_REPLICA = 16;

  /** Trains on the cores of this machine. */
  public static void main(String[] args) {
    System.out.printf("%.3f of unseen digits right%n", run(new MirroredStrategy()));
  }

  /** The accuracy on unseen digits. */
  @SuppressWarnings("try") // a strategy's scope acts by being open
  static double run(MirroredStrategy strategy) {
    System.out.println("replicas in sync: " + strategy.numReplicasInSync());
    Model model = new LeNet();
    try (MirroredStrategy.Scope scope = strategy.scope()) {
      model.build(Shape.of(28, 28, 1), 42);
      model.compile(new Adam(0.003), new SparseCategoricalCrossEntropy(true), new Accuracy());
    }
    Batch training = Digits.of(640, 1);
    model.fit(training, FitOptions.of(BATCH_PER_REPLICA * strategy.numReplicasInSync(), 4));
    return model.evaluate(Digits.of(200, 2)).metric("accuracy");
  }

  private Mirrored() {}
}
