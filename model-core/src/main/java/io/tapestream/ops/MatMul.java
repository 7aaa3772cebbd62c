package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** {@code Y = X·W; dX = dY·Wᵀ; dW = Xᵀ·dY}. */
public final class MatMul {
  private MatMul() {}

  /**
   * Computes Y.
   *
   * @param x (n, in)
   * @param w (in, out)
   * @return y (n, out)
   */
  public static Tensor of(Tensor x, Tensor w) {
    Check.floating("MatMul", x, w);
    Check.shapes(
        x.rank() == 2 && w.rank() == 2 && x.dim(1) == w.dim(0),
        "MatMul",
        "shapes (n, in) and (in, out)",
        x,
        w);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), Shape.of(x.dim(0), w.dim(1)));
    backend.matmul(x, false, w, false, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          adjoints.add(x, (dx, accumulate) -> backend.matmul(dy, false, w, true, dx, accumulate));
          adjoints.add(w, (dw, accumulate) -> backend.matmul(x, true, dy, false, dw, accumulate));
        },
        (dy, adjoints) -> {
          adjoints.add(x, () -> MatMul.of(dy, Transpose.of(w)));
          adjoints.add(w, () -> MatMul.of(Transpose.of(x), dy));
        },
        x,
        w);
  }
}
