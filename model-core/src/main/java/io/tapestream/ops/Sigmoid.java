package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = 1 / (1 + e⁻ˣ); dX = dY ∘ Y ∘ (1 − Y)}. */
public final class Sigmoid {
  private Sigmoid() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of(
        "Sigmoid", Unary.SIGMOID, x, (dy, in, y) -> Multiply.of(dy, Subtract.of(y, Square.of(y))));
  }
}
