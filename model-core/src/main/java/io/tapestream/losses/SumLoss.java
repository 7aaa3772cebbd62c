package io.tapestream.losses;

import io.tapestream.ops.Negative;
import io.tapestream.ops.Sum;
import io.tapestream.tensor.Tensor;

/**
 * {@code −Σ prediction}, summed over a batch and never averaged; labels are ignored. Descent at
 * rate 1 on a linear model without a bias adds the inputs up: with one-hot inputs a weight counts
 * how often its record was seen.
 */
public record SumLoss() implements Loss {
  @Override
  public Tensor perExample(Tensor predictions, Tensor labels) {
    return Negative.of(Sum.of(Rows.of(predictions), 1));
  }

  @Override
  public boolean mean() {
    return false;
  }
}
