package io.tapestream.ops;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/** Rows that are 1 at an index and 0 elsewhere; it has no gradient. */
public final class OneHot {
  private OneHot() {}

  /**
   * Computes Y.
   *
   * @param indices (…), integers of any type, each in 0 … k−1
   * @param k the length of a row
   * @param dtype of the result
   * @return (…, k)
   * @throws IllegalArgumentException if an index does not exist
   */
  public static Tensor of(Tensor indices, int k, DType dtype) {
    int[] dims = Arrays.copyOf(indices.shape().dims(), indices.rank() + 1);
    dims[indices.rank()] = k;
    Tensor rows = Tensor.allocate(dtype, Shape.of(dims));
    Backends.of(dtype).oneHot(indices, rows);
    return rows;
  }
}
