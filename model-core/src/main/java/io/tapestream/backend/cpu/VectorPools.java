package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.FLOATS;
import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static jdk.incubator.vector.VectorOperators.EQ;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Pools of channels whose number is a multiple of the lanes. */
final class VectorPools {
  private VectorPools() {}

  /** As {@link Kernels#maxOfWindows}. */
  static void max(
      int windows,
      int windowStep,
      int rows,
      int rowStep,
      int columns,
      int channels,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt) {
    int to = yAt;
    for (int w = 0, from = xAt; w < windows; w++, from += windowStep) {
      for (int c = 0; c < 4 * channels; c += 4 * LANES, to += 4 * LANES) {
        FloatVector largest = load(x, from + c);
        for (int r = 0; r < rows; r++) {
          for (int j = 0; j < columns; j++) {
            largest = largest.max(load(x, from + r * rowStep + 4 * j * channels + c));
          }
        }
        store(largest, y, to);
      }
    }
  }

  /** Of two rows and two columns. */
  static void maxOfFour(
      int windows,
      int windowStep,
      int rowStep,
      int channels,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt) {
    int right = 4 * channels;
    int to = yAt;
    for (int w = 0, from = xAt; w < windows; w++, from += windowStep) {
      for (int at = from; at < from + right; at += 4 * LANES, to += 4 * LANES) {
        FloatVector upper = load(x, at).max(load(x, at + right));
        FloatVector lower = load(x, at + rowStep).max(load(x, at + rowStep + right));
        store(upper.max(lower), y, to);
      }
    }
  }

  /** As {@link Kernels#maxOfWindowsGradient}. */
  static void maxGradient(
      int windows,
      int windowStep,
      int rows,
      int rowStep,
      int columns,
      int channels,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt) {
    FloatVector zero = FloatVector.zero(FLOATS);
    int own = 0;
    for (int w = 0, from = 0; w < windows; w++, from += windowStep) {
      for (int c = 0; c < 4 * channels; c += 4 * LANES, own += 4 * LANES) {
        FloatVector largest = load(y, yAt + own);
        FloatVector offered = load(dy, dyAt + own);
        for (int r = 0; r < rows; r++) {
          for (int j = 0; j < columns; j++) {
            int at = from + r * rowStep + 4 * j * channels + c;
            VectorMask<Float> taken = equal(load(x, xAt + at), largest);
            store(zero.blend(offered, taken), dx, dxAt + at);
            offered = offered.blend(zero, taken);
          }
        }
      }
    }
  }

  /** Of two rows and two columns. */
  static void maxOfFourGradient(
      int windows,
      int windowStep,
      int rowStep,
      int channels,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt) {
    int right = 4 * channels;
    int own = 0;
    for (int w = 0, from = 0; w < windows; w++, from += windowStep) {
      for (int at = from; at < from + right; at += 4 * LANES, own += 4 * LANES) {
        FloatVector largest = load(y, yAt + own);
        FloatVector offered = load(dy, dyAt + own);
        offered = take(x, xAt + at, largest, offered, dx, dxAt + at);
        offered = take(x, xAt + at + right, largest, offered, dx, dxAt + at + right);
        offered = take(x, xAt + at + rowStep, largest, offered, dx, dxAt + at + rowStep);
        int last = at + rowStep + right;
        take(x, xAt + last, largest, offered, dx, dxAt + last);
      }
    }
  }

  /** Gives an element what is offered if it is the largest, else zero; returns what is left. */
  private static FloatVector take(
      ByteBuffer x, int xAt, FloatVector largest, FloatVector offered, ByteBuffer dx, int dxAt) {
    FloatVector zero = FloatVector.zero(FLOATS);
    VectorMask<Float> taken = equal(load(x, xAt), largest);
    store(zero.blend(offered, taken), dx, dxAt);
    return offered.blend(zero, taken);
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
