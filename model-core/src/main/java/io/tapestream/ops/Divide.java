package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y = A / B; dA = dY / B; dB = −dY ∘ Y / B}, each summed to its shape where it was
 * broadcast.
 */
public final class Divide {
  private Divide() {}

  /**
   * Computes Y.
   *
   * @param a any shape
   * @param b any shape that broadcasts with a's
   * @return a / b, of the shape both broadcast to
   */
  public static Tensor of(Tensor a, Tensor b) {
    Tensor y = Tensor.allocate(a.dtype(), Check.broadcast("Divide", a, b));
    Backend backend = Backends.of(a.dtype());
    backend.binary(Binary.DIVIDE, a, b, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          Broadcast.addTo(a, Binary.DIVIDE, dy, b, adjoints);
          if (adjoints.wants(b)) {
            Tensor dyOverB = Tensor.allocate(y.dtype(), y.shape());
            backend.binary(Binary.DIVIDE, dy, b, dyOverB, false);
            backend.scale(-1, dyOverB, dyOverB, false);
            Broadcast.addTo(b, Binary.MULTIPLY, dyOverB, y, adjoints);
          }
        },
        (dy, adjoints) -> {
          adjoints.add(a, () -> Broadcast.sumTo(Divide.of(dy, b), a.shape()));
          adjoints.add(
              b, () -> Broadcast.sumTo(Negative.of(Multiply.of(Divide.of(dy, b), y)), b.shape()));
        },
        a,
        b);
  }
}
