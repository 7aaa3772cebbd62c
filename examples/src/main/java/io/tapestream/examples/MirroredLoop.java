package io.tapestream.examples;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.Context;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Sum;
import io.tapestream.optimizers.Adam;
import io.tapestream.strategies.MirroredStrategy;
import io.tapestream.strategies.MirroredStrategy.Reduction;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.VectorUpdate;
import java.util.ArrayList;
import java.util.List;

/** {@link CustomLoop} on all cores: each replica has a tape over its share of the batch. */
public final class MirroredLoop {
  private static final int EPOCHS = 30;
  private static final int BATCH = 40;

  /** Trains on the cores of this machine. */
  public static void main(String[] args) {
    try (MirroredStrategy strategy = new MirroredStrategy()) {
      System.out.printf("%.3f of unseen points right%n", run(strategy));
    }
  }

  /** The share of unseen points that are told right after training. */
  static double run(MirroredStrategy strategy) {
    Batch training = CustomLoop.points(1000, 1);
    CustomLoop.Circle model = new CustomLoop.Circle();
    model.build(Shape.of(2), 42);
    BinaryCrossEntropy lossFunction = new BinaryCrossEntropy(true);
    VectorUpdate optimizer = new VectorUpdate(model, new Adam(0.01));

    CapturedStep.Body step =
        (context, share) -> {
          try (GradientTape tape = new GradientTape()) {
            Tensor logits = model.apply(share.get(0), context);
            Tensor losses = lossFunction.perExample(logits, share.get(1));
            Tensor loss = Scale.of(Sum.of(losses), 1.0 / BATCH); // shares add up to the mean
            List<Tensor> results = new ArrayList<>();
            results.add(loss);
            results.addAll(tape.gradient(loss, model.trainableVariables()));
            return results;
          }
        };
    long round = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      double sum = 0;
      for (int from = 0; from < training.size(); from += BATCH) {
        Batch batch = training.slice(from, from + BATCH);
        Context context = Context.training(7, 0, round++);
        List<List<Tensor>> perReplica =
            strategy.run(step, context, batch.features(), batch.labels());
        List<Tensor> results = strategy.reduce(Reduction.SUM, perReplica);
        optimizer.applyGradients(results.subList(1, results.size()));
        sum += results.get(0).item() * BATCH;
      }
      System.out.printf("epoch %d: loss %.4f%n", epoch + 1, sum / training.size());
    }
    return CustomLoop.accuracy(model, CustomLoop.points(500, 2));
  }

  private MirroredLoop() {}
}
