package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/** What the ops that reduce axes share. */
final class Reductions {
  private Reductions() {}

  /** {@code Y = c · Σ X} over the axes; {@code dX = c · dY}, repeated along them. */
  static Tensor sum(String op, double factor, Tensor x, boolean keepDims, int[] axes) {
    Check.floating(op, x);
    Backend backend = Backends.of(x.dtype());
    Shape kept = kept(x.shape(), axes);
    Tensor y = Tensor.allocate(x.dtype(), keepDims ? kept : dropped(x.shape(), axes));
    backend.sum(factor, x, as(kept, y), false);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.scale(factor, as(kept, dy), dx, accumulate)),
        (dy, adjoints) ->
            adjoints.add(
                x, () -> Scale.of(BroadcastTo.of(Reshape.of(dy, kept), x.shape()), factor)),
        x);
  }

  /** The tensor under a shape of the same size; itself if it has it. */
  static Tensor as(Shape shape, Tensor tensor) {
    return tensor.shape().equals(shape) ? tensor : tensor.reshape(shape);
  }

  /** The shape with these axes of length 1; all axes if none are named. */
  static Shape kept(Shape shape, int[] axes) {
    Shape kept = shape;
    for (int i = 0; i < (axes.length == 0 ? shape.rank() : axes.length); i++) {
      kept = kept.with(axes.length == 0 ? i : axes[i], 1);
    }
    return kept;
  }

  /** The shape without these axes; none left if none are named. */
  static Shape dropped(Shape shape, int[] axes) {
    boolean[] drop = new boolean[shape.rank()];
    for (int axis : axes) {
      drop[shape.axis(axis)] = true;
    }
    int[] dims = new int[shape.rank()];
    int rank = 0;
    for (int axis = 0; axis < drop.length && axes.length > 0; axis++) {
      if (!drop[axis]) {
        dims[rank++] = shape.dim(axis);
      }
    }
    return Shape.of(Arrays.copyOf(dims, rank));
  }

  /** The number of elements that each output element is reduced from. */
  static int count(Shape shape, int[] axes) {
    int kept = kept(shape, axes).size();
    return kept == 0 ? 0 : shape.size() / kept;
  }
}
