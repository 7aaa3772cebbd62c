package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/** {@code Y = X − ln Σ eˣ; dX = dY − eʸ ∘ Σ dY}, each row of the last axis by itself. */
public final class LogSoftmax {
  private LogSoftmax() {}

  /**
   * Computes Y.
   *
   * @param x (…, k)
   * @return y (…, k), the logarithms of the row's softmax
   */
  public static Tensor of(Tensor x) {
    Check.floating("LogSoftmax", x);
    Check.shapes(x.rank() >= 1, "LogSoftmax", "shape (…, k)", x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.logSoftmax(x, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(x, (dx, accumulate) -> backend.logSoftmaxGradient(y, dy, dx, accumulate)),
        (dy, adjoints) ->
            adjoints.add(x, () -> Subtract.of(dy, Multiply.of(Exp.of(y), Sum.keepDims(dy, -1)))),
        x);
  }
}
