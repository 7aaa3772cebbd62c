package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * The two gradients of a convolution {@code Z = X ⋆ F} as ops. Each is linear in both of its
 * arguments, and their gradients are again convolutions and such.
 */
final class Conv2dGradients {
  private Conv2dGradients() {}

  /** {@code G} = dZ spread through F, of the image's shape; {@code d(dZ) = dG ⋆ F}. */
  static Tensor input(Tensor dz, Tensor filter, Window window, Shape image) {
    Backend backend = Backends.of(dz.dtype());
    Tensor g = Tensor.allocate(dz.dtype(), image);
    backend.conv2dInputGradient(dz, filter, window, g, false);
    return GradientTape.record(
        g,
        (dg, adjoints) -> {
          adjoints.add(dz, () -> Conv2d.of(dg, filter, null, Activation.LINEAR, window));
          adjoints.add(filter, () -> filter(dg, dz, window, filter.shape()));
        },
        dz,
        filter);
  }

  /** {@code H} = X correlated with dZ, of the filter's shape; {@code d(dZ) = X ⋆ dH}. */
  static Tensor filter(Tensor x, Tensor dz, Window window, Shape shape) {
    Backend backend = Backends.of(x.dtype());
    Tensor h = Tensor.allocate(x.dtype(), shape);
    backend.conv2dFilterGradient(x, dz, window, h, false);
    return GradientTape.record(
        h,
        (dh, adjoints) -> {
          adjoints.add(x, () -> input(dz, dh, window, x.shape()));
          adjoints.add(dz, () -> Conv2d.of(x, dh, null, Activation.LINEAR, window));
        },
        x,
        dz);
  }
}
