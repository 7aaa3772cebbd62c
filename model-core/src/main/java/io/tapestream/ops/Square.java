package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = X²; dX = dY ∘ 2X}. */
public final class Square {
  private Square() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of(
        "Square", Unary.SQUARE, x, (dy, in, y) -> Scale.of(Multiply.of(dy, in), 2));
  }
}
