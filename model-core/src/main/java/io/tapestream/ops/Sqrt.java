package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = √X; dX = dY / 2Y}. */
public final class Sqrt {
  private Sqrt() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of("Sqrt", Unary.SQRT, x, (dy, in, y) -> Scale.of(Divide.of(dy, y), 0.5));
  }
}
