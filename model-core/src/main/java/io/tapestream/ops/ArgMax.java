package io.tapestream.ops;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;

/** The index of each row's largest element, the first of equals; it has no gradient. */
public final class ArgMax {
  private ArgMax() {}

  /**
   * Computes Y.
   *
   * @param x (…, k)
   * @return INT64 (…), each in 0 … k−1
   */
  public static Tensor of(Tensor x) {
    Check.floating("ArgMax", x);
    Check.shapes(x.rank() >= 1 && x.dim(-1) > 0, "ArgMax", "shape (…, k) with k > 0", x);
    Tensor indices = Tensor.allocate(DType.INT64, Reductions.dropped(x.shape(), new int[] {-1}));
    Backends.of(x.dtype()).argmax(x, indices);
    return indices;
  }
}
