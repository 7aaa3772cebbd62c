package io.tapestream.backend.nd4j;

import io.tapestream.random.Philox;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Objects;

/**
 * The primitives that ND4J has no fitting op for, as plain loops over the tensors' memory. None of
 * them is hot.
 */
final class HostLoops {
  private HostLoops() {}

  /** The value of output element i. */
  @FunctionalInterface
  interface Element {
    double at(int i);
  }

  /** {@code out[i] (+)= element(i)}. */
  static void each(Tensor out, boolean accumulate, Element element) {
    int n = out.size();
    if (out.dtype() == DType.FLOAT32) {
      float[] values = out.toFloats();
      for (int i = 0; i < n; i++) {
        float value = (float) element.at(i);
        values[i] = accumulate ? values[i] + value : value;
      }
      out.write(0, values, 0, n);
    } else if (out.dtype() == DType.FLOAT64) {
      double[] values = out.toDoubles();
      for (int i = 0; i < n; i++) {
        double value = element.at(i);
        values[i] = accumulate ? values[i] + value : value;
      }
      out.write(0, values, 0, n);
    } else {
      long[] values = out.toLongs();
      for (int i = 0; i < n; i++) {
        double real = element.at(i);
        long value = Double.isNaN(real) ? Long.MIN_VALUE : (long) real;
        values[i] = accumulate ? values[i] + value : value;
      }
      out.write(0, values, 0, n);
    }
  }

  /** {@code Σ x²}, in double. */
  static double squares(Tensor x) {
    double sum = 0;
    for (int i = 0; i < x.size(); i++) {
      double value = x.get(i);
      sum += value * value;
    }
    return sum;
  }

  /** {@code out = 1 where a = b, else 0}; both broadcast to out's shape. */
  static void equal(Tensor a, Tensor b, Tensor out, boolean accumulate) {
    double[] left = a.toDoubles();
    double[] right = b.toDoubles();
    int[] fromA = broadcastIndex(a.shape(), out.shape());
    int[] fromB = broadcastIndex(b.shape(), out.shape());
    each(out, accumulate, i -> left[fromA[i]] == right[fromB[i]] ? 1 : 0);
  }

  /**
   * For each element of a shape, the flat index of the element of a broadcast shape that it comes
   * from.
   */
  private static int[] broadcastIndex(Shape from, Shape to) {
    int[] index = new int[to.size()];
    int stride = 1;
    int inner = 1;
    for (int axis = 1; axis <= from.rank(); axis++) {
      int length = to.dim(-axis);
      if (from.dim(-axis) != 1) {
        for (int i = 0; i < index.length; i++) {
          index[i] += i / inner % length * stride;
        }
      }
      stride *= from.dim(-axis);
      inner *= length;
    }
    return index;
  }

  /** The class of a row, checked. */
  static int index(Tensor indices, int row, int bound, String what) {
    double index = indices.get(row);
    if (!(index >= 0 && index < bound && index == Math.rint(index))) {
      throw new IllegalArgumentException(
          what
              + " of row "
              + row
              + " is "
              + index
              + "; it must be an integer of 0 … "
              + (bound - 1));
    }
    return (int) index;
  }

  static void oneHot(Tensor indices, Tensor out) {
    int k = out.dim(-1);
    int[] hot = new int[indices.size()];
    for (int row = 0; row < hot.length; row++) {
      hot[row] = index(indices, row, k, "the index");
    }
    each(out, false, i -> hot[i / k] == i % k ? 1 : 0);
  }

  static void setRows(Tensor ids, Tensor rows, Tensor table) {
    int width = table.dim(1);
    Tensor from = rows.reshape(ids.size(), width);
    for (int i = 0; i < ids.size(); i++) {
      int row = index(ids, i, table.dim(0), "the id");
      table.slice(row, row + 1).copyFrom(from.slice(i, i + 1));
    }
  }

  static void scatterAddRows(Tensor ids, Tensor rows, Tensor table) {
    int width = table.dim(1);
    double[] added = rows.toDoubles();
    double[] sums = table.toDoubles();
    for (int i = 0; i < ids.size(); i++) {
      int row = index(ids, i, table.dim(0), "the id");
      for (int j = 0; j < width; j++) {
        sums[row * width + j] += added[i * width + j];
      }
    }
    each(table, false, i -> sums[i]);
  }

  static void dropout(Tensor x, double rate, long key, int firstRow, Tensor y, boolean accumulate) {
    if (x.size() == 0) {
      return;
    }
    int width = x.size() / x.dim(0);
    long bound = Philox.dropBound(rate);
    double scale = 1 / (1 - rate);
    double[] values = x.toDoubles();
    int[] words = new int[4];
    for (int row = 0; row < x.dim(0); row++) {
      for (int j = 0; j < width; j++) {
        if ((j & 3) == 0) {
          Philox.block(key, j >>> 2, firstRow + row, 0, 0, words);
        }
        int i = row * width + j;
        values[i] = Philox.keeps(words[j & 3], bound) ? values[i] * scale : 0;
      }
    }
    each(y, accumulate, i -> values[i]);
  }

  /** Copies stretches of whole inner blocks; see {@code Backend.copyRange}. */
  static void copyRange(
      Tensor x, int xFrom, Tensor out, int outFrom, int axis, int length, boolean accumulate) {
    int outer = 1;
    for (int i = 0; i < axis; i++) {
      outer *= x.dim(i);
    }
    int inner = 1;
    for (int i = axis + 1; i < x.rank(); i++) {
      inner *= x.dim(i);
    }
    Objects.checkFromIndexSize(xFrom, length, x.dim(axis));
    Objects.checkFromIndexSize(outFrom, length, out.dim(axis));
    int stretch = length * inner;
    double[] added = accumulate ? new double[out.size()] : new double[0];
    double[] values = accumulate ? x.toDoubles() : new double[0];
    for (int block = 0; block < outer; block++) {
      int from = (block * x.dim(axis) + xFrom) * inner;
      int to = (block * out.dim(axis) + outFrom) * inner;
      if (accumulate) {
        System.arraycopy(values, from, added, to, stretch);
      } else {
        int bytes = x.dtype().bytes();
        out.buffer()
            .put(
                out.byteOffset() + to * bytes,
                x.buffer(),
                x.byteOffset() + from * bytes,
                stretch * bytes);
      }
    }
    if (accumulate) {
      each(out, true, i -> added[i]);
    }
  }
}
