package io.tapestream.backend;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * What {@link Backend#lstm} remembers of each step for its gradient.
 *
 * @param inputs by time, x and behind it h of the step before, (steps, n, in + u)
 * @param gates the values of i, f, g and o, (steps, n, 4u)
 * @param cells c, (steps, n, u)
 * @param activated activation(c), (steps, n, u)
 */
public record LstmMemory(Tensor inputs, Tensor gates, Tensor cells, Tensor activated) {

  /** Takes memory for a sequence; its contents are undefined. */
  public static LstmMemory allocate(DType dtype, int steps, int n, int in, int u) {
    Shape states = Shape.of(steps, n, u);
    return new LstmMemory(
        Tensor.allocate(dtype, states.with(-1, in + u)),
        Tensor.allocate(dtype, states.with(-1, 4 * u)),
        Tensor.allocate(dtype, states),
        Tensor.allocate(dtype, states));
  }

  /** The number of steps. */
  public int steps() {
    return cells.dim(0);
  }

  /** Sequences side by side. */
  public int n() {
    return cells.dim(1);
  }

  /** Units. */
  public int units() {
    return cells.dim(2);
  }
}
