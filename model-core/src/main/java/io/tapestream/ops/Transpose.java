package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/** {@code Y = X} with its axes in another order; {@code dX = dY} with them put back. */
public final class Transpose {
  private Transpose() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param axes a permutation of 0 … rank−1: the result's axis j is x's axis {@code axes[j]}; none
   *     named reverses them all
   * @return y, a copy
   */
  public static Tensor of(Tensor x, int... axes) {
    Check.floating("Transpose", x);
    int rank = x.rank();
    int[] order = axes.length == 0 ? new int[rank] : axes.clone();
    int[] inverse = new int[rank];
    int[] dims = new int[rank];
    Arrays.fill(inverse, -1);
    Check.shapes(
        order.length == rank,
        "Transpose",
        "one axis for each of x's, not " + Arrays.toString(axes),
        x);
    for (int j = 0; j < rank; j++) {
      if (axes.length == 0) {
        order[j] = rank - 1 - j;
      }
      int axis = x.shape().axis(order[j]);
      Check.shapes(
          inverse[axis] < 0, "Transpose", "every axis once, not " + Arrays.toString(axes), x);
      order[j] = axis;
      inverse[axis] = j;
      dims[j] = x.dim(axis);
    }
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), Shape.of(dims));
    backend.permute(x, order, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(x, (dx, accumulate) -> backend.permute(dy, inverse, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> Transpose.of(dy, inverse)),
        x);
  }
}
