package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = tanh X; dX = dY ∘ (1 − Y²)}. */
public final class Tanh {
  private Tanh() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of(
        "Tanh", Unary.TANH, x, (dy, in, y) -> Subtract.of(dy, Multiply.of(dy, Square.of(y))));
  }
}
