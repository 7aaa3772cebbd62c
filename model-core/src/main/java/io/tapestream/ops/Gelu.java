package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y = X ∘ Φ(X); dX = dY ∘ (Φ(X) + X ∘ φ(X))}, Φ and φ the standard normal distribution
 * function and its density.
 *
 * <p>Hendrycks and Gimpel, "Gaussian error linear units", 2016; the approximation by tanh is
 * theirs.
 */
public final class Gelu {
  private static final double DENSITY_AT_0 = 1 / Math.sqrt(2 * Math.PI);
  private static final double ROOT_2_BY_PI = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;

  private Gelu() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param approximate whether by tanh, see {@link Unary#GELU_TANH}
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, boolean approximate) {
    return approximate
        ? Elementwise.of(
            "Gelu", Unary.GELU_TANH, x, (dy, in, y) -> Multiply.of(dy, approximateSlope(in)))
        : Elementwise.of("Gelu", Unary.GELU, x, (dy, in, y) -> Multiply.of(dy, slope(in, y)));
  }

  /** {@code Φ(x) + x·φ(x)}, whose own slope is {@code (2 − x²)·φ(x)}. */
  private static Tensor slope(Tensor x, Tensor y) {
    Backend backend = Backends.of(x.dtype());
    Tensor ones = Tensor.allocate(x.dtype(), x.shape());
    backend.fill(ones, 1);
    Tensor slope = Tensor.allocate(x.dtype(), x.shape());
    backend.unaryGradient(Unary.GELU, x, y, ones, slope, false);
    return GradientTape.record(
        slope,
        (dslope, adjoints) ->
            adjoints.add(
                x,
                () -> {
                  Tensor square = Square.of(x);
                  Tensor density = Scale.of(Exp.of(Scale.of(square, -0.5)), DENSITY_AT_0);
                  Tensor bent = Subtract.of(Scale.of(ones, 2), square);
                  return Multiply.of(dslope, Multiply.of(bent, density));
                }),
        x);
  }

  /** {@code s + x·2s(1 − s)·u′} with {@code u = c·(x + k·x³)} and {@code s = sigmoid(2u)}. */
  private static Tensor approximateSlope(Tensor x) {
    Tensor square = Square.of(x);
    Tensor u = Scale.of(Add.of(x, Scale.of(Multiply.of(square, x), CUBIC)), ROOT_2_BY_PI);
    Tensor s = Sigmoid.of(Scale.of(u, 2));
    Tensor ones = Tensor.allocate(x.dtype(), x.shape());
    Backends.of(x.dtype()).fill(ones, 1);
    Tensor du = Scale.of(Add.of(ones, Scale.of(square, 3 * CUBIC)), ROOT_2_BY_PI);
    Tensor steep = Scale.of(Multiply.of(s, Subtract.of(ones, s)), 2);
    return Add.of(s, Multiply.of(Multiply.of(x, steep), du));
  }
}
