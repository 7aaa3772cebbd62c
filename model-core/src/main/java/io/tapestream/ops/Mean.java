package io.tapestream.ops;

import io.tapestream.tensor.Tensor;

/** {@code Y = Σ X / m} over axes of m elements; {@code dX = dY / m}, repeated along them. */
public final class Mean {
  private Mean() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param axes to average over, from 0 or, backwards, from -1; none named means all
   * @return y, without those axes; NaN where there is nothing to average
   */
  public static Tensor of(Tensor x, int... axes) {
    return Reductions.sum("Mean", 1.0 / Reductions.count(x.shape(), axes), x, false, axes);
  }

  /** As {@link #of}, but the axes stay, with length 1. */
  public static Tensor keepDims(Tensor x, int... axes) {
    return Reductions.sum("Mean", 1.0 / Reductions.count(x.shape(), axes), x, true, axes);
  }
}
