package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/** {@code Y = eˣ / Σ eˣ; dX = Y ∘ (dY − Σ dY∘Y)}, each row of the last axis by itself. */
public final class Softmax {
  private Softmax() {}

  /**
   * Computes Y.
   *
   * @param x (…, k)
   * @return y (…, k); each row sums to 1
   */
  public static Tensor of(Tensor x) {
    Check.floating("Softmax", x);
    Check.shapes(x.rank() >= 1, "Softmax", "shape (…, k)", x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.softmax(x, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(x, (dx, accumulate) -> backend.softmaxGradient(y, dy, dx, accumulate)),
        (dy, adjoints) ->
            adjoints.add(
                x, () -> Multiply.of(y, Subtract.of(dy, Sum.keepDims(Multiply.of(dy, y), -1)))),
        x);
  }
}
