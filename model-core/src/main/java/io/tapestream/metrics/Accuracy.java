package io.tapestream.metrics;

import io.tapestream.losses.Loss;
import io.tapestream.tensor.Tensor;

/** The accuracy that belongs to the loss: binary, categorical or sparse categorical. */
public record Accuracy() implements Metric {
  /** The name of every accuracy. */
  static final String NAME = "accuracy";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Metric forLoss(Loss loss) {
    return loss.accuracy();
  }

  @Override
  public Sums measure(Tensor predictions, Tensor labels, Tensor weights) {
    throw new IllegalStateException(
        "Accuracy depends on the loss; measure with accuracy.forLoss(loss)");
  }
}
