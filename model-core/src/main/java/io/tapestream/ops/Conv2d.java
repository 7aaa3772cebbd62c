package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = φ(X ⋆ F + b)}, a cross-correlation of images as Keras computes it; with {@code dZ = dY
 * ∘ φ′(Y)}: {@code dX} is dZ spread through F, {@code dF} is X correlated with dZ, and {@code db =
 * Σ dZ}. Formulas by element: {@link Backend#conv2d} and its gradients.
 */
public final class Conv2d {
  private Conv2d() {}

  /**
   * Computes Y.
   *
   * @param x (n, height, width, in)
   * @param filter (filter height, filter width, in, out)
   * @param bias (out), or null for none
   * @param activation φ
   * @param strideHeight rows from one window to the next, at least 1
   * @param strideWidth columns from one window to the next, at least 1
   * @return y (n, output height, output width, out)
   */
  public static Tensor of(
      Tensor x,
      Tensor filter,
      @Nullable Tensor bias,
      Activation activation,
      int strideHeight,
      int strideWidth,
      Padding padding) {
    Check.floating("Conv2d", x, filter);
    Check.shapes(
        x.rank() == 4 && filter.rank() == 4 && x.dim(3) == filter.dim(2),
        "Conv2d",
        "images (n, height, width, in) and a filter (height, width, in, out)",
        x,
        filter);
    if (bias != null) {
      Check.floating("Conv2d", x, bias);
      Check.shapes(
          bias.rank() == 1 && bias.dim(0) == filter.dim(3),
          "Conv2d",
          "a filter (height, width, in, out) and a bias (out)",
          filter,
          bias);
    }
    Check.shapes(
        x.dim(3) > 0, "Conv2d", "images (n, height, width, in) with at least one channel", x);
    Window window =
        Window.of(
            x.dim(1), x.dim(2), filter.dim(0), filter.dim(1), strideHeight, strideWidth, padding);
    Check.shapes(
        window.outputHeight(x.dim(1)) > 0 && window.outputWidth(x.dim(2)) > 0,
        "Conv2d",
        "an image no smaller than the filter",
        x,
        filter);
    return of(x, filter, bias, activation, window);
  }

  /** As above, with checked shapes and the window at hand. */
  static Tensor of(
      Tensor x, Tensor filter, @Nullable Tensor bias, Activation activation, Window window) {
    Backend backend = Backends.of(x.dtype());
    int height = window.outputHeight(x.dim(1));
    int width = window.outputWidth(x.dim(2));
    Tensor y = Tensor.allocate(x.dtype(), Shape.of(x.dim(0), height, width, filter.dim(3)));
    backend.conv2d(x, filter, bias, activation, window, y);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          Tensor dz = BiasActivation.backward(backend, activation, y, dy, bias, adjoints);
          adjoints.add(
              x,
              (dx, accumulate) -> backend.conv2dInputGradient(dz, filter, window, dx, accumulate));
          adjoints.add(
              filter,
              (df, accumulate) -> backend.conv2dFilterGradient(x, dz, window, df, accumulate));
        },
        (dy, adjoints) -> {
          Tensor dz = BiasActivation.backwardOfOps(activation, y, dy, bias, adjoints);
          adjoints.add(x, () -> Conv2dGradients.input(dz, filter, window, x.shape()));
          adjoints.add(filter, () -> Conv2dGradients.filter(x, dz, window, filter.shape()));
        },
        bias == null ? new Tensor[] {x, filter} : new Tensor[] {x, filter, bias});
  }
}
