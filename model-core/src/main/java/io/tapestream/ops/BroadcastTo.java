package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** {@code Y = X}, repeated to a longer shape; {@code dX = Σ dY} over the repetitions. */
public final class BroadcastTo {
  private BroadcastTo() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param shape that x's broadcasts to, by NumPy's rules
   * @return y, of that shape
   */
  public static Tensor of(Tensor x, Shape shape) {
    Check.floating("BroadcastTo", x);
    Check.shapes(broadcasts(x.shape(), shape), "BroadcastTo", "what broadcasts to " + shape, x);
    Tensor y = Tensor.allocate(x.dtype(), shape);
    Backends.of(x.dtype()).scale(1, x, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> Broadcast.addTo(x, dy, 1, adjoints),
        (dy, adjoints) -> adjoints.add(x, () -> Broadcast.sumTo(dy, x.shape())),
        x);
  }

  private static boolean broadcasts(Shape from, Shape to) {
    int added = to.rank() - from.rank();
    for (int axis = 0; axis < from.rank() && added >= 0; axis++) {
      if (from.dim(axis) != 1 && from.dim(axis) != to.dim(added + axis)) {
        return false;
      }
    }
    return added >= 0;
  }
}
