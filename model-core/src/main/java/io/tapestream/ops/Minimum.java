package io.tapestream.ops;

import io.tapestream.tensor.Tensor;

/**
 * {@code Y = min(A, B)}, element by element; {@code dA = dY} where A is smaller, half of it where
 * they are equal, and 0 elsewhere; likewise dB. Each is summed to its shape where it was broadcast.
 */
public final class Minimum {
  private Minimum() {}

  /**
   * Computes Y.
   *
   * @param a any shape
   * @param b any shape that broadcasts with a's
   * @return y, of the shape both broadcast to
   */
  public static Tensor of(Tensor a, Tensor b) {
    Check.broadcast("Minimum", a, b);
    return Negative.of(Maximum.of(Negative.of(a), Negative.of(b)));
  }
}
