package io.tapestream.backend.cpu;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/** What moves elements without computing: copies, permutations, ranges, rows of a table. */
final class Rearranging {
  private Rearranging() {}

  static void copy(Tensor in, Tensor out) {
    if (in.dtype() == out.dtype()) {
      out.copyFrom(in);
      return;
    }
    for (int i = 0; i < in.size(); i++) {
      int to = out.byteOffset() + i * out.dtype().bytes();
      switch (out.dtype()) {
        case FLOAT32 -> out.buffer().putFloat(to, (float) in.get(i));
        case FLOAT64 -> out.buffer().putDouble(to, in.get(i));
        case INT64 -> {
          double value = in.get(i);
          out.buffer().putLong(to, Double.isNaN(value) ? Long.MIN_VALUE : (long) value);
        }
      }
    }
  }

  static void permute(Tensor x, int[] axes, Tensor out, boolean accumulate) {
    int[] own = Nest.contiguous(x.shape());
    int[] permuted = new int[axes.length];
    for (int axis = 0; axis < axes.length; axis++) {
      permuted[axis] = own[axes[axis]];
    }
    move(x, 0, permuted, out, 0, Nest.contiguous(out.shape()), out.shape(), accumulate);
  }

  static void copyRange(
      Tensor x, int xFrom, Tensor out, int outFrom, int axis, int length, boolean accumulate) {
    int[] from = Nest.contiguous(x.shape());
    int[] to = Nest.contiguous(out.shape());
    Shape moved = out.shape().with(axis, length);
    int along = out.shape().axis(axis);
    move(x, xFrom * from[along], from, out, outFrom * to[along], to, moved, accumulate);
  }

  /** Walks {@code moved}, reading and writing by strides from the given first elements. */
  private static void move(
      Tensor x,
      int xFirst,
      int[] xStrides,
      Tensor out,
      int outFirst,
      int[] outStrides,
      Shape moved,
      boolean accumulate) {
    int bytes = x.dtype().bytes();
    if (accumulate && x.dtype() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "the cpu backend accumulates FLOAT32 only, not " + x.dtype() + "; copy, or use nd4j");
    }
    ByteBuffer from = x.buffer();
    ByteBuffer to = out.buffer();
    int xAt = x.byteOffset() + bytes * xFirst;
    int outAt = out.byteOffset() + bytes * outFirst;
    Nest nest = new Nest(moved, xStrides, outStrides);
    int length = nest.length();
    int xStep = bytes * nest.step(0);
    int outStep = bytes * nest.step(1);
    nest.run(
        offsets -> {
          int source = xAt + bytes * offsets[0];
          int target = outAt + bytes * offsets[1];
          if (!accumulate && xStep == bytes && outStep == bytes) {
            to.put(target, from, source, length * bytes);
          } else if (bytes == 4) {
            for (int i = 0; i < length; i++) {
              PlainKernels.put(
                  to, target + i * outStep, from.getFloat(source + i * xStep), accumulate);
            }
          } else {
            for (int i = 0; i < length; i++) {
              to.putLong(target + i * outStep, from.getLong(source + i * xStep));
            }
          }
        });
  }

  /** Checks that ids name rows of a table of so many. */
  static void requireRows(Tensor ids, int rows) {
    ByteBuffer buffer = ids.buffer();
    int at = ids.byteOffset();
    for (int position = 0; position < ids.size(); position++) {
      long id = buffer.getLong(at + 8 * position);
      if (id < 0 || id >= rows) {
        throw new IllegalArgumentException(
            "id "
                + id
                + " at position "
                + position
                + " lies outside the table's rows 0 to "
                + (rows - 1));
      }
    }
  }
}
