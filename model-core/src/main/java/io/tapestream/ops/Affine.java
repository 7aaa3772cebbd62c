package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * A dense layer as one op: {@code Y = φ(X·W + b); dZ = dY ∘ φ′(Y); dX = dZ·Wᵀ; dW = Xᵀ·dZ; db = Σ
 * dZ} over the rows. The product, the bias and the activation share one tensor.
 */
public final class Affine {
  private Affine() {}

  /**
   * Computes Y.
   *
   * @param x (n, in)
   * @param w (in, out)
   * @param bias (out)
   * @return y (n, out)
   */
  public static Tensor of(Tensor x, Tensor w, Tensor bias, Activation activation) {
    Check.floating("Affine", x, w, bias);
    Check.shapes(
        x.rank() == 2
            && w.rank() == 2
            && bias.rank() == 1
            && x.dim(1) == w.dim(0)
            && w.dim(1) == bias.dim(0),
        "Affine",
        "shapes (n, in), (in, out) and (out)",
        x,
        w,
        bias);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), Shape.of(x.dim(0), w.dim(1)));
    backend.matmul(x, false, w, false, y, false);
    backend.biasActivation(y, bias, activation, y);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          Tensor dz = BiasActivation.backward(backend, activation, y, dy, bias, adjoints);
          adjoints.add(x, (dx, accumulate) -> backend.matmul(dz, false, w, true, dx, accumulate));
          adjoints.add(w, (dw, accumulate) -> backend.matmul(x, true, dz, false, dw, accumulate));
        },
        (dy, adjoints) -> {
          Tensor dz = BiasActivation.backwardOfOps(activation, y, dy, bias, adjoints);
          adjoints.add(x, () -> MatMul.of(dz, Transpose.of(w)));
          adjoints.add(w, () -> MatMul.of(Transpose.of(x), dz));
        },
        x,
        w,
        bias);
  }
}
