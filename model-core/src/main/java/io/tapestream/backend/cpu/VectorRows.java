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

  /** As {@link Kernels#maxOfWindow}. */
  static void maxOfWindow(
      ByteBuffer x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int channels,
      ByteBuffer y,
      int yAt) {
    for (int c = 0; c < 4 * channels; c += 4 * LANES) {
      FloatVector largest = load(x, xAt + c);
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < columns; j++) {
          largest = largest.max(load(x, xAt + r * rowStep + 4 * j * channels + c));
        }
      }
      store(largest, y, yAt + c);
    }
  }

  /** As {@link Kernels#maxOfWindowGradient}. */
  static void maxOfWindowGradient(
      ByteBuffer x,
      int xAt,
      int rows,
      int rowStep,
      int columns,
      int channels,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt) {
    FloatVector zero = FloatVector.zero(FLOATS);
    for (int c = 0; c < 4 * channels; c += 4 * LANES) {
      FloatVector largest = load(y, yAt + c);
      FloatVector offered = load(dy, dyAt + c);
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < columns; j++) {
          int at = r * rowStep + 4 * j * channels + c;
          VectorMask<Float> taken = equal(load(x, xAt + at), largest);
          store(zero.blend(offered, taken), dx, dxAt + at);
          offered = offered.blend(zero, taken);
        }
      }
    }
  }

  /** Whether the bits are equal but for the sign of a zero, so that a NaN equals itself. */
  private static VectorMask<Float> equal(FloatVector a, FloatVector b) {
    return a.add(0f).reinterpretAsInts().compare(EQ, b.add(0f).reinterpretAsInts()).cast(FLOATS);
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
            equal(
                FloatVector.fromArray(FLOATS, row, from + c),
                FloatVector.fromArray(FLOATS, largest, to));
        FloatVector.fromArray(FLOATS, gradient, from + c)
            .add(zero.blend(offered, taken))
            .intoArray(gradient, from + c);
        offered.blend(zero, taken).intoArray(given, to);
      }
    }
  }
}
