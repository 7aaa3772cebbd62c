package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** What the ops of one argument share: {@code Y = f(X); dX = dY ∘ f′(X)}. */
final class Elementwise {
  private Elementwise() {}

  static Tensor of(String op, Unary function, Tensor x) {
    Check.floating(op, x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.unary(function, x, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.unaryGradient(function, x, y, dy, dx, accumulate)),
        x);
  }
}
