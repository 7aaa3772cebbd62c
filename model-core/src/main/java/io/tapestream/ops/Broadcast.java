package io.tapestream.ops;

import io.tapestream.autodiff.Adjoints;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * The gradient of an input that was broadcast: the output's, summed over the axes along which it
 * was repeated.
 */
final class Broadcast {
  private Broadcast() {}

  /** A tensor summed to a shape that broadcasts to its own, as ops. */
  static Tensor sumTo(Tensor x, Shape shape) {
    int added = x.rank() - shape.rank();
    int[] axes =
        IntStream.range(0, x.rank())
            .filter(axis -> axis < added || shape.dim(axis - added) != x.dim(axis))
            .toArray();
    Tensor summed = axes.length == 0 ? x : Sum.keepDims(x, axes);
    return summed.shape().equals(shape) ? summed : Reshape.of(summed, shape);
  }

  /** {@code dx += factor · dy}, summed to x's shape. */
  static void addTo(Tensor x, Tensor dy, double factor, Adjoints adjoints) {
    if (factor == 1 && dy.shape().equals(x.shape())) {
      adjoints.pass(x, dy);
    } else {
      adjoints.add(x, (dx, accumulate) -> Backends.of(dx.dtype()).sum(factor, dy, dx, accumulate));
    }
  }

  /** {@code dx += op(dy, other)}, summed to x's shape; other broadcasts to dy's. */
  static void addTo(Tensor x, Binary op, Tensor dy, Tensor other, Adjoints adjoints) {
    adjoints.add(
        x,
        (dx, accumulate) -> {
          Backend backend = Backends.of(dx.dtype());
          if (dx.shape().equals(dy.shape())) {
            backend.binary(op, dy, other, dx, accumulate);
          } else {
            Tensor repeated = Tensor.allocate(dy.dtype(), dy.shape());
            backend.binary(op, dy, other, repeated, false);
            backend.sum(1, repeated, dx, accumulate);
          }
        });
  }
}
