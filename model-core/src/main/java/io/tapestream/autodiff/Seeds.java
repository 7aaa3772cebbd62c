package io.tapestream.autodiff;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** The gradients that arrive at targets, from which playing back begins. */
final class Seeds {
  private Seeds() {}

  /** A one of a scalar's shape. */
  static Tensor one(Tensor scalar) {
    Tensor one = Tensor.allocate(scalar.dtype(), scalar.shape());
    Backends.of(scalar.dtype()).fill(one, 1);
    return one;
  }

  /** Zeros of a target's shape, but for a one at an element, counted flat. */
  static Tensor one(Tensor target, int at) {
    Tensor seed = Tensor.zeros(target.dtype(), target.shape());
    Backends.of(target.dtype()).fill(seed.view(at, Shape.scalar()), 1);
    return seed;
  }

  static void requireScalar(Tensor target) {
    if (target.size() != 1) {
      throw new IllegalArgumentException(
          "a gradient is taken of a scalar, but the target has shape "
              + target.shape()
              + "; reduce it with Sum or Mean, or give a seed");
    }
  }

  static void requireFit(List<Tensor> targets, List<Tensor> seeds) {
    if (targets.size() != seeds.size()) {
      throw new IllegalArgumentException(
          targets.size() + " targets but " + seeds.size() + " output gradients");
    }
    for (int i = 0; i < seeds.size(); i++) {
      if (!seeds.get(i).shape().equals(targets.get(i).shape())) {
        throw new IllegalArgumentException(
            "the seed has shape "
                + seeds.get(i).shape()
                + " but the output "
                + targets.get(i).shape());
      }
    }
  }

  /** The axes of a, then those of b. */
  static Shape join(Shape a, Shape b) {
    int[] dims = Arrays.copyOf(a.dims(), a.rank() + b.rank());
    System.arraycopy(b.dims(), 0, dims, a.rank(), b.rank());
    return Shape.of(dims);
  }
}
