package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = X} where X > 0, else {@code eˣ − 1}; {@code dX = dY} there, else {@code dY ∘ eˣ}. */
public final class Elu {
  private Elu() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of(
        "Elu",
        Unary.ELU,
        x,
        (dy, in, y) -> Add.of(dy, Multiply.of(dy, Clip.of(y, Double.NEGATIVE_INFINITY, 0))));
  }
}
