package io.tapestream.losses;

import io.tapestream.ops.Mean;
import io.tapestream.ops.Square;
import io.tapestream.ops.Subtract;
import io.tapestream.tensor.Tensor;

/**
 * {@code (prediction − label)²}, averaged over an example's outputs. Labels: (n, …) like the
 * predictions.
 */
public record MeanSquaredError() implements Loss {
  @Override
  public Tensor perExample(Tensor predictions, Tensor labels) {
    Tensor targets = Rows.labelsLike(predictions, labels, "MeanSquaredError");
    return Mean.of(Square.of(Subtract.of(Rows.of(predictions), targets)), 1);
  }
}
