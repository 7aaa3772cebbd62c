package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y} = the largest element under each window, per channel; that element gets the window's
 * dY, the first of equals.
 */
public final class MaxPool2d {
  private MaxPool2d() {}

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
    Check.floating("MaxPool2d", x);
    Check.shapes(x.rank() == 4, "MaxPool2d", "images (n, height, width, channels)", x);
    Window window =
        Window.of(x.dim(1), x.dim(2), height, width, strideHeight, strideWidth, padding);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), Windows.output("MaxPool2d", x, window));
    backend.maxPool2d(x, window, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.maxPool2dGradient(x, y, dy, window, dx, accumulate)),
        x);
  }
}
