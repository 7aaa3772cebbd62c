package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = ln X; dX = dY / X}. */
public final class Log {
  private Log() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of("Log", Unary.LOG, x, (dy, in, y) -> Divide.of(dy, in));
  }
}
