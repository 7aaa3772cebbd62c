package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/**
 * {@code Y[i] = T[ids[i]]}, whole rows of a table; {@code dT[ids[i]] += dY[i]}, so that a row taken
 * twice gets both.
 */
public final class GatherRows {
  private GatherRows() {}

  /**
   * Computes Y.
   *
   * @param table (rows, width)
   * @param ids INT64 (…), each in 0 … rows−1
   * @return (…, width)
   * @throws IllegalArgumentException if an id does not exist
   */
  public static Tensor of(Tensor table, Tensor ids) {
    Check.floating("GatherRows", table);
    Check.shapes(
        table.rank() == 2 && ids.dtype() == DType.INT64,
        "GatherRows",
        "a table (rows, width) and INT64 ids (…)",
        table,
        ids);
    int[] dims = Arrays.copyOf(ids.shape().dims(), ids.rank() + 1);
    dims[ids.rank()] = table.dim(1);
    Backend backend = Backends.of(table.dtype());
    Tensor y = Tensor.allocate(table.dtype(), Shape.of(dims));
    backend.gatherRows(table, ids, y);
    return GradientTape.record(
        y,
        (dy, adjoints) -> adjoints.addRows(table, ids, dy),
        (dy, adjoints) -> adjoints.add(table, () -> ScatterAddRows.of(ids, dy, table.dim(0))),
        table,
        ids);
  }
}
