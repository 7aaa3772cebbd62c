package io.tapestream.ops;

import io.tapestream.tensor.Tensor;

/** {@code Y = Σ X} over axes; {@code dX = dY}, repeated along them. */
public final class Sum {
  private Sum() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param axes to sum over, from 0 or, backwards, from -1; none named means all
   * @return y, without those axes
   */
  public static Tensor of(Tensor x, int... axes) {
    return Reductions.sum("Sum", 1, x, false, axes);
  }

  /** As {@link #of}, but the axes stay, with length 1. */
  public static Tensor keepDims(Tensor x, int... axes) {
    return Reductions.sum("Sum", 1, x, true, axes);
  }
}
