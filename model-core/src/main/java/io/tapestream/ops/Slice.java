package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;
import java.util.List;

/** {@code Y = X[…, from:to, …]} along one axis; {@code dX = dY} there, 0 elsewhere. */
public final class Slice {
  private Slice() {}

  /**
   * Computes Y.
   *
   * @param x any shape with that axis
   * @param axis from 0 or, backwards, from -1
   * @param from the first index taken
   * @param to the index after the last one taken
   * @return y, a copy, {@code to − from} long along the axis
   */
  public static Tensor of(Tensor x, int axis, int from, int to) {
    Check.floating("Slice", x);
    int along = x.shape().axis(axis);
    Check.shapes(
        0 <= from && from <= to && to <= x.dim(along),
        "Slice",
        "indices " + from + " to " + to + " within axis " + axis,
        x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape().with(along, to - from));
    backend.copyRange(x, from, y, 0, along, to - from, false);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x,
                (dx, accumulate) -> {
                  if (!accumulate) {
                    dx.clear();
                  }
                  backend.copyRange(dy, 0, dx, from, along, to - from, true);
                }),
        (dy, adjoints) ->
            adjoints.add(
                x,
                () ->
                    Concat.of(
                        along,
                        List.of(zeros(x, along, from), dy, zeros(x, along, x.dim(along) - to)))),
        x);
  }

  private static Tensor zeros(Tensor like, int axis, int length) {
    return Tensor.zeros(like.dtype(), like.shape().with(axis, length));
  }
}
