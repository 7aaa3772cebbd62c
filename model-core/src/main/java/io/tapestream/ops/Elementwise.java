package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;

/** What the ops of one argument share: {@code Y = f(X); dX = dY ∘ f′(X)}. */
final class Elementwise {
  private Elementwise() {}

  /** {@code dX} from {@code (dY, X, Y)}, made of ops. */
  @FunctionalInterface
  interface Gradient {
    /** Computes it. */
    Tensor of(Tensor dy, Tensor x, Tensor y);
  }

  static Tensor of(String op, Unary function, Tensor x, Gradient gradient) {
    Check.floating(op, x);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.unary(function, x, y);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.unaryGradient(function, x, y, dy, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> gradient.of(dy, x, y)),
        x);
  }

  /** For a function that is linear in pieces: dY times a slope that nothing depends on. */
  static Gradient constantSlope(Unary function) {
    return (dy, x, y) -> {
      Backend backend = Backends.of(x.dtype());
      Tensor slope = Tensor.allocate(x.dtype(), x.shape());
      backend.fill(slope, 1);
      backend.unaryGradient(function, x, y, slope, slope, false);
      return Multiply.of(dy, slope);
    };
  }
}
