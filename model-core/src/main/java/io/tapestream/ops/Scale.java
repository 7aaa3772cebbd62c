package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/** {@code Y = c·X + d; dX = c·dY}, for constants c and d. */
public final class Scale {
  private Scale() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param factor the constant c
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, double factor) {
    Check.floating("Scale", x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.scale(factor, x, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(x, (dx, accumulate) -> backend.scale(factor, dy, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> Scale.of(dy, factor)),
        x);
  }

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param factor the constant c
   * @param offset the constant d
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, double factor, double offset) {
    Check.floating("Scale", x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.fill(y, offset);
    backend.scale(factor, x, y, true);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(x, (dx, accumulate) -> backend.scale(factor, dy, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> Scale.of(dy, factor)),
        x);
  }
}
