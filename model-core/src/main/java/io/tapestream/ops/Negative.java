package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = −X; dX = −dY}. */
public final class Negative {
  private Negative() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of("Negative", Unary.NEGATIVE, x, (dy, in, y) -> Negative.of(dy));
  }
}
