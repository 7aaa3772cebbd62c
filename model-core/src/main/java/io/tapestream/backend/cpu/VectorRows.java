package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.FLOATS;
import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static java.lang.invoke.MethodType.methodType;
import static jdk.incubator.vector.VectorOperators.EQ;

import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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

  /** As {@link Kernels#takeMaxima}. */
  static void takeMaxima(
      int windows,
      int channels,
      float[] row,
      float[] gradient,
      int rowFrom,
      int rowStep,
      float[] largest,
      float[] given,
      int first) {
    FloatVector zero = FloatVector.zero(FLOATS);
    int to = first * channels;
    for (int w = 0; w < windows; w++) {
      int from = rowFrom + w * rowStep;
      for (int c = 0; c < channels; c += LANES, to += LANES) {
        FloatVector offered = FloatVector.fromArray(FLOATS, given, to);
        VectorMask<Float> taken =
            FloatVector.fromArray(FLOATS, row, from + c)
                .compare(EQ, FloatVector.fromArray(FLOATS, largest, to));
        FloatVector.fromArray(FLOATS, gradient, from + c)
            .add(zero.blend(offered, taken))
            .intoArray(gradient, from + c);
        offered.blend(zero, taken).intoArray(given, to);
      }
    }
  }
}
