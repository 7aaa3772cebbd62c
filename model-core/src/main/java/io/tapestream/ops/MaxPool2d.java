package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Shape;
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
        (dy, adjoints) ->
            adjoints.add(
                x,
                () -> {
                  Tensor each = Reshape.of(dy, Shape.of(dy.size(), 1));
                  Tensor dx = ScatterAddRows.of(choices(x, y.shape(), window), each, x.size());
                  return Reshape.of(dx, x.shape());
                }),
        x);
  }

  /** The element of x, counted flat, that each element of the output was taken from. */
  private static Tensor choices(Tensor x, Shape output, Window window) {
    double[] values = x.toDoubles();
    long[] chosen = new long[output.size()];
    int height = x.dim(1);
    int width = x.dim(2);
    int channels = x.dim(3);
    int next = 0;
    for (int image = 0; image < x.dim(0); image++) {
      for (int p = 0; p < output.dim(1); p++) {
        int top = p * window.strideHeight() - window.padTop();
        for (int q = 0; q < output.dim(2); q++) {
          int left = q * window.strideWidth() - window.padLeft();
          for (int channel = 0; channel < channels; channel++) {
            int best = -1;
            for (int h = Math.max(top, 0); h < Math.min(top + window.height(), height); h++) {
              for (int w = Math.max(left, 0); w < Math.min(left + window.width(), width); w++) {
                int at = ((image * height + h) * width + w) * channels + channel;
                if (best < 0 || values[at] > values[best]) {
                  best = at;
                }
              }
            }
            chosen[next++] = best;
          }
        }
      }
    }
    return Tensor.of(chosen);
  }
}
