package io.tapestream.ops;

import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/**
 * {@code Y = max(A, B)}, element by element; {@code dA = dY} where A is larger, half of it where
 * they are equal, and 0 elsewhere; likewise dB. Each is summed to its shape where it was broadcast.
 */
public final class Maximum {
  private Maximum() {}

  /**
   * Computes Y.
   *
   * @param a any shape
   * @param b any shape that broadcasts with a's
   * @return y, of the shape both broadcast to
   */
  public static Tensor of(Tensor a, Tensor b) {
    Shape shape = Check.broadcast("Maximum", a, b);
    return Max.of(Concat.of(0, List.of(layer(a, shape), layer(b, shape))), 0);
  }

  /** (1, …shape) */
  private static Tensor layer(Tensor x, Shape shape) {
    Tensor broadcast = x.shape().equals(shape) ? x : BroadcastTo.of(x, shape);
    return Reshape.of(broadcast, shape.prepend(1));
  }
}
