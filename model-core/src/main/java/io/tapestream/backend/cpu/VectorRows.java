package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;

/** Loops over rows whose length is a multiple of the lanes; see {@link VectorElements}. */
@SuppressWarnings("UnusedMethod") // a table finds its loops by their names
final class VectorRows {
  private static final LoopTable<RowMove> MOVES =
      new LoopTable<>(
          MethodHandles.lookup(),
          RowMove.class,
          move -> true,
          methodType(
              void.class,
              ByteBuffer.class,
              int.class,
              int.class,
              ByteBuffer.class,
              int.class,
              ByteBuffer.class,
              int.class,
              int.class));

  private VectorRows() {}

  /** As {@link Kernels#moveRows}. */
  static void move(
      RowMove move,
      ByteBuffer ids,
      int idsAt,
      int n,
      ByteBuffer rows,
      int rowsAt,
      ByteBuffer table,
      int tableAt,
      int width) {
    try {
      MOVES.loop(move).invokeExact(ids, idsAt, n, rows, rowsAt, table, tableAt, width);
    } catch (Throwable e) {
      throw LoopTable.unchecked(e);
    }
  }

  private static void gather(
      ByteBuffer ids,
      int idsAt,
      int n,
      ByteBuffer rows,
      int rowsAt,
      ByteBuffer table,
      int tableAt,
      int width) {
    int own = rowsAt;
    for (int i = 0; i < n; i++) {
      int row = tableAt + 4 * width * (int) ids.getLong(idsAt + 8 * i);
      for (int j = 0; j < width; j += LANES, own += 4 * LANES) {
        store(load(table, row + 4 * j), rows, own);
      }
    }
  }

  private static void set(
      ByteBuffer ids,
      int idsAt,
      int n,
      ByteBuffer rows,
      int rowsAt,
      ByteBuffer table,
      int tableAt,
      int width) {
    int own = rowsAt;
    for (int i = 0; i < n; i++) {
      int row = tableAt + 4 * width * (int) ids.getLong(idsAt + 8 * i);
      for (int j = 0; j < width; j += LANES, own += 4 * LANES) {
        store(load(rows, own), table, row + 4 * j);
      }
    }
  }

  private static void add(
      ByteBuffer ids,
      int idsAt,
      int n,
      ByteBuffer rows,
      int rowsAt,
      ByteBuffer table,
      int tableAt,
      int width) {
    int own = rowsAt;
    for (int i = 0; i < n; i++) {
      int row = tableAt + 4 * width * (int) ids.getLong(idsAt + 8 * i);
      for (int j = 0; j < width; j += LANES, own += 4 * LANES) {
        store(load(table, row + 4 * j).add(load(rows, own)), table, row + 4 * j);
      }
    }
  }
}
