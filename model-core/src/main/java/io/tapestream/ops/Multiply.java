package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Tensor;

/** {@code Y = A ∘ B; dA = dY ∘ B; dB = dY ∘ A}, each summed to its shape where it was broadcast. */
public final class Multiply {
  private Multiply() {}

  /**
   * Computes Y.
   *
   * @param a any shape
   * @param b any shape that broadcasts with a's
   * @return a · b, of the shape both broadcast to
   */
  public static Tensor of(Tensor a, Tensor b) {
    Tensor y = Tensor.allocate(a.dtype(), Check.broadcast("Multiply", a, b));
    Backend backend = Backends.of(a.dtype());
    backend.binary(Binary.MULTIPLY, a, b, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          Broadcast.addTo(a, Binary.MULTIPLY, dy, b, adjoints);
          Broadcast.addTo(b, Binary.MULTIPLY, dy, a, adjoints);
        },
        (dy, adjoints) -> {
          adjoints.add(a, () -> Broadcast.sumTo(Multiply.of(dy, b), a.shape()));
          adjoints.add(b, () -> Broadcast.sumTo(Multiply.of(dy, a), b.shape()));
        },
        a,
        b);
  }
}
