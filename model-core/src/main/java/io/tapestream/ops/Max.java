package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y = max X} over axes; {@code dX = dY} at the largest element, shared equally among equals,
 * and 0 elsewhere.
 */
public final class Max {
  private Max() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param axes to reduce, from 0 or, backwards, from -1; none named means all
   * @return y, without those axes
   */
  public static Tensor of(Tensor x, int... axes) {
    Check.floating("Max", x);
    Backend backend = Backends.of(x.dtype());
    Shape kept = Reductions.kept(x.shape(), axes);
    Tensor y = Tensor.allocate(x.dtype(), Reductions.dropped(x.shape(), axes));
    backend.max(x, Reductions.as(kept, y));
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x,
                (dx, accumulate) -> {
                  Tensor largest = Tensor.allocate(x.dtype(), x.shape());
                  backend.binary(Binary.EQUAL, x, Reductions.as(kept, y), largest, false);
                  Tensor share = Tensor.allocate(x.dtype(), kept);
                  backend.sum(1, largest, share, false);
                  backend.binary(Binary.DIVIDE, Reductions.as(kept, dy), share, share, false);
                  backend.binary(Binary.MULTIPLY, largest, share, dx, accumulate);
                }),
        (dy, adjoints) ->
            adjoints.add(
                x,
                () -> {
                  Tensor share = Tensor.allocate(x.dtype(), x.shape());
                  backend.binary(Binary.EQUAL, x, Reductions.as(kept, y), share, false);
                  Tensor equals = Tensor.allocate(x.dtype(), kept);
                  backend.sum(1, share, equals, false);
                  backend.binary(Binary.DIVIDE, share, equals, share, false);
                  return Multiply.of(share, Reshape.of(dy, kept));
                }),
        x);
  }
}
