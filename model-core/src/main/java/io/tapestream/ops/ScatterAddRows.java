package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/**
 * {@code T[ids[i]] += R[i]}, whole rows, into a table of zeros; {@code dR[i] = dT[ids[i]]}. It is
 * the gradient of {@link GatherRows}.
 */
public final class ScatterAddRows {
  private ScatterAddRows() {}

  /**
   * Computes T.
   *
   * @param ids INT64 (…), each in 0 … height−1; one may repeat
   * @param rows (…, width)
   * @param height the number of rows of the table
   * @return table (height, width)
   * @throws IllegalArgumentException if an id does not exist
   */
  public static Tensor of(Tensor ids, Tensor rows, int height) {
    Check.floating("ScatterAddRows", rows);
    Check.shapes(
        ids.dtype() == DType.INT64
            && rows.rank() == ids.rank() + 1
            && Arrays.equals(ids.shape().dims(), Arrays.copyOf(rows.shape().dims(), ids.rank())),
        "ScatterAddRows",
        "INT64 ids (…) and rows (…, width)",
        ids,
        rows);
    Tensor table = Tensor.zeros(rows.dtype(), Shape.of(height, rows.dim(-1)));
    Backends.of(rows.dtype()).scatterAddRows(ids, rows, table);
    return GradientTape.record(
        table, (dtable, adjoints) -> adjoints.add(rows, () -> GatherRows.of(dtable, ids)), rows);
  }
}
