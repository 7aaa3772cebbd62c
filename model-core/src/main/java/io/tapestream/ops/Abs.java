package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = |X|; dX = dY ∘ sign X}. */
public final class Abs {
  private Abs() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of("Abs", Unary.ABS, x, Elementwise.constantSlope(Unary.ABS));
  }
}
