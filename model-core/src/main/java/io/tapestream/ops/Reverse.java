package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/** {@code Y = X} with one axis in the opposite order; {@code dX = dY} likewise. */
public final class Reverse {
  private Reverse() {}

  /**
   * Computes Y.
   *
   * @param x any shape with that axis
   * @param axis from 0 or, backwards, from -1
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, int axis) {
    Check.floating("Reverse", x);
    int along = x.shape().axis(axis);
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    reverse(x, along, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> adjoints.add(x, (dx, accumulate) -> reverse(dy, along, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> Reverse.of(dy, along)),
        x);
  }

  private static void reverse(Tensor from, int along, Tensor to, boolean accumulate) {
    Backend backend = Backends.of(from.dtype());
    int length = from.dim(along);
    for (int i = 0; i < length && from.size() > 0; i++) {
      backend.copyRange(from, i, to, length - 1 - i, along, 1, accumulate);
    }
  }
}
