package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Tensor;

/** {@code Y = A − B; dA = dY; dB = −dY}, each summed to its shape where it was broadcast. */
public final class Subtract {
  private Subtract() {}

  /**
   * Computes Y.
   *
   * @param a any shape
   * @param b any shape that broadcasts with a's
   * @return a − b, of the shape both broadcast to
   */
  public static Tensor of(Tensor a, Tensor b) {
    Tensor y = Tensor.allocate(a.dtype(), Check.broadcast("Subtract", a, b));
    Backend backend = Backends.of(a.dtype());
    backend.binary(Binary.SUBTRACT, a, b, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          Broadcast.addTo(a, dy, 1, adjoints);
          Broadcast.addTo(b, dy, -1, adjoints);
        },
        (dy, adjoints) -> {
          adjoints.add(a, () -> Broadcast.sumTo(dy, a.shape()));
          adjoints.add(b, () -> Broadcast.sumTo(Negative.of(dy), b.shape()));
        },
        a,
        b);
  }
}
