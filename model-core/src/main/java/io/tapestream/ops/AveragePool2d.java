package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y} = the mean under each window, per channel, the border not counted; the elements share
 * the window's dY equally.
 */
public final class AveragePool2d {
  private AveragePool2d() {}

  /**
   * Computes Y.
   *
   * @param x (n, height, width, channels)
   * @param height of the window
   * @param width of the window
   * @param strideHeight rows from one window to the next, at least 1
   * @param strideWidth columns from one window to the next, at least 1
   * @return y (n, output height, output width, channels)
   */
  public static Tensor of(
      Tensor x, int height, int width, int strideHeight, int strideWidth, Padding padding) {
    Check.floating("AveragePool2d", x);
    Check.shapes(x.rank() == 4, "AveragePool2d", "images (n, height, width, channels)", x);
    Window window =
        Window.of(x.dim(1), x.dim(2), height, width, strideHeight, strideWidth, padding);
    return of(x, window, Windows.output("AveragePool2d", x, window));
  }

  private static Tensor of(Tensor x, Window window, Shape output) {
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), output);
    backend.averagePool2d(x, window, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.averagePool2dGradient(dy, window, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> share(dy, window, x.shape())),
        x);
  }

  /** The gradient as an op, which is linear: its own gradient is the pool. */
  private static Tensor share(Tensor dy, Window window, Shape image) {
    Tensor dx = Tensor.allocate(dy.dtype(), image);
    Backends.of(dy.dtype()).averagePool2dGradient(dy, window, dx, false);
    return GradientTape.record(
        dx, (d2, adjoints) -> adjoints.add(dy, () -> of(d2, window, dy.shape())), dy);
  }
}
