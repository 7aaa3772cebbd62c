package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y = ceiling} where {@code X ≥ ceiling}, else {@code X} where {@code X ≥ threshold}, else
 * {@code slope · (X − threshold)}; {@code dX = 0}, {@code dY} or {@code slope · dY} there, the last
 * at the threshold itself.
 */
public final class Rectify {
  private Rectify() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param slope below the threshold
   * @param threshold finite
   * @param ceiling at least the threshold; ∞ for none
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, double slope, double threshold, double ceiling) {
    Check.floating("Rectify", x);
    if (!(Double.isFinite(slope) && Double.isFinite(threshold) && threshold <= ceiling)) {
      throw new IllegalArgumentException(
          "Rectify expects a finite slope and threshold ≤ ceiling; given "
              + slope
              + ", "
              + threshold
              + " and "
              + ceiling);
    }
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.rectify(x, slope, threshold, ceiling, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x,
                (dx, accumulate) ->
                    backend.rectifyGradient(x, slope, threshold, ceiling, dy, dx, accumulate)),
        (dy, adjoints) ->
            adjoints.add(
                x,
                () -> {
                  Tensor ones = Tensor.allocate(x.dtype(), x.shape());
                  backend.fill(ones, 1);
                  Tensor slopes = Tensor.allocate(x.dtype(), x.shape());
                  backend.rectifyGradient(x, slope, threshold, ceiling, ones, slopes, false);
                  return Multiply.of(dy, slopes);
                }),
        x);
  }
}
