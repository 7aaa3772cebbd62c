package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/** {@code Y = min(max(X, low), high); dX = dY} where {@code low ≤ X ≤ high}, else 0. */
public final class Clip {
  private Clip() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param low the least value of the result
   * @param high the greatest value of the result, at least low
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, double low, double high) {
    Check.floating("Clip", x);
    if (!(low <= high)) {
      throw new IllegalArgumentException("Clip expects low ≤ high; given " + low + " and " + high);
    }
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.clip(x, low, high, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.clipGradient(x, low, high, dy, dx, accumulate)),
        (dy, adjoints) ->
            adjoints.add(
                x,
                () -> {
                  Tensor ones = Tensor.allocate(x.dtype(), x.shape());
                  backend.fill(ones, 1);
                  Tensor within = Tensor.allocate(x.dtype(), x.shape());
                  backend.clipGradient(x, low, high, ones, within, false);
                  return Multiply.of(dy, within);
                }),
        x);
  }
}
