package io.tapestream.losses;

import io.tapestream.backend.Backends;
import io.tapestream.ops.Clip;
import io.tapestream.ops.Divide;
import io.tapestream.ops.Log;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Negative;
import io.tapestream.ops.Subtract;
import io.tapestream.ops.Sum;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** Cross-entropy on probabilities, as Keras computes it. */
final class Probabilities {
  /**
   * Probabilities are kept this far from 0 and 1, so that their logarithm is finite; Keras's
   * epsilon.
   */
  static final double EPSILON = 1e-7;

  /**
   * {@code −Σ y · ln(p / Σ p)} per row, in nats.
   *
   * @param predictions (n, k), non-negative
   * @param y (n, k)
   */
  static Tensor crossEntropy(Tensor predictions, Tensor y) {
    Tensor p = Divide.of(predictions, Sum.keepDims(predictions, 1));
    Tensor clipped = Clip.of(p, EPSILON, 1 - EPSILON);
    return Negative.of(Sum.of(Multiply.of(y, Log.of(clipped)), 1));
  }

  /** 1 − x. */
  static Tensor complement(Tensor x) {
    Tensor one = Tensor.allocate(x.dtype(), Shape.scalar());
    Backends.of(x.dtype()).fill(one, 1);
    return Subtract.of(one, x);
  }

  private Probabilities() {}
}
