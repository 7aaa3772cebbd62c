package io.tapestream.training;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of a table of which a batch names few rows: these rows side by side, each the sum of
 * what was added to it, in the order in which they were first named. So all passes over them stay
 * in the processor's cache, however large the table is.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class RowSums implements AutoCloseable {
  private final DType dtype;
  private final int tableRows;
  private final int width;
  private int count;
  private int[] places = {}; // of each row of the table, if names says so at that place
  private long[] names = {};
  private long[] positions = {};
  private @Nullable Tensor sums; // (room, width)
  private @Nullable Tensor rows; // INT64 (room)
  private @Nullable Tensor targets; // INT64, where an addend's rows belong

  /** Of a table (rows, width), nothing added yet. */
  RowSums(DType dtype, Shape table) {
    this.dtype = dtype;
    this.tableRows = table.dim(0);
    this.width = table.dim(1);
  }

  /** The number of rows that were named. */
  int count() {
    return count;
  }

  /**
   * The rows that were named, INT64 (count); there is at least one. Valid until the next change.
   */
  Tensor rows() {
    return known(rows).slice(0, count);
  }

  /** Their sums, (count, width); there is at least one. Valid until the next change. */
  Tensor sums() {
    return known(sums).slice(0, count);
  }

  private static Tensor known(@Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException("no row was named");
    }
    return tensor;
  }

  /** Forgets all rows. */
  void clear() {
    count = 0;
  }

  /**
   * Adds rows.
   *
   * @param ids INT64 (…), rows of the table
   * @param addends (…, width)
   */
  void add(Tensor ids, Tensor addends) {
    int n = ids.size();
    if (n == 0) {
      return;
    }
    int before = count;
    find(ids, n);
    Tensor all = room(before);
    if (count > before) {
      all.slice(before, count).clear();
      known(rows).write(before, names, before, count - before);
    }
    Tensor to = known(targets);
    to.write(0, positions, 0, n);
    Backends.of(dtype).scatterAddRows(to.slice(0, n), addends, all);
  }

  /** Finds the position of each id; those that are new come behind the others. */
  private void find(Tensor ids, int n) {
    if (places.length == 0) {
      places = new int[tableRows];
    }
    if (positions.length < n) {
      positions = new long[n];
    }
    if (names.length < count + n) {
      names = Arrays.copyOf(names, Math.max(2 * names.length, count + n));
    }
    ids.read(0, positions, 0, n);
    for (int i = 0; i < n; i++) {
      int row = (int) positions[i];
      int place = places[row];
      if (place >= count || names[place] != row) {
        place = count++;
        places[row] = place;
        names[place] = row;
      }
      positions[i] = place;
    }
  }

  /** Room for as many rows as there are names, with what the first ones hold. */
  private Tensor room(int filled) {
    Tensor all = sums;
    try (Workspace.Scope none = Workspace.outside()) {
      if (all == null || all.dim(0) < names.length) {
        Tensor longer = Tensor.owned(dtype, Shape.of(names.length, width));
        Tensor longerRows = Tensor.owned(DType.INT64, Shape.of(names.length));
        if (all != null) {
          longer.slice(0, filled).copyFrom(all.slice(0, filled));
          longerRows.slice(0, filled).copyFrom(known(rows).slice(0, filled));
        }
        close(sums, rows);
        sums = all = longer;
        rows = longerRows;
      }
      if (targets == null || targets.dim(0) < positions.length) {
        close(targets);
        targets = Tensor.owned(DType.INT64, Shape.of(positions.length));
      }
    }
    return all;
  }

  private static void close(@Nullable Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor != null) {
        tensor.close();
      }
    }
  }

  @Override
  public void close() {
    close(sums, rows, targets);
    sums = null;
    rows = null;
    targets = null;
    count = 0;
  }
}
