package io.tapestream.ops;

import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** {@code Y = max(X, 0); dX = dY where X > 0, else 0}. */
public final class Relu {
  private Relu() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x) {
    return Elementwise.of("Relu", Unary.RELU, x, Elementwise.constantSlope(Unary.RELU));
  }
}
