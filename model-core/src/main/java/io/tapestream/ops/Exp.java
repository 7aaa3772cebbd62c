package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = eˣ; dX = dY ∘ Y}. */
public final class Exp {
  private Exp() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of("Exp", Unary.EXP, x, (dy, in, y) -> Multiply.of(dy, y));
  }
}
