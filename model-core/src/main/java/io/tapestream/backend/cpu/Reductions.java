package io.tapestream.backend.cpu;

import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Sums and maxima. Sums are collected in double precision and rounded once: element by element in C
 * order, those of columns over pieces whose rows are added in float.
 */
final class Reductions {
  /** Elements of a piece, which stays in the first-level cache. */
  private static final int PIECE = 4096;

  private Reductions() {}

  static void sum(Kernels kernels, double factor, Tensor x, Tensor out, boolean accumulate) {
    double[] sums = new double[out.size()];
    if (areColumns(x, out)) {
      addColumns(kernels, x, sums);
    } else {
      addElements(x, out, sums);
    }
    for (int i = 0; i < sums.length; i++) {
      PlainKernels.put(
          out.buffer(), out.byteOffset() + 4 * i, (float) (factor * sums[i]), accumulate);
    }
  }

  /** Whether the sums are those of the columns of a matrix of several rows. */
  private static boolean areColumns(Tensor x, Tensor out) {
    int k = out.size();
    if (k < 2 || x.size() <= k || out.rank() > x.rank()) {
      return false;
    }
    int product = 1;
    for (int axis = 1; axis <= out.rank() && product < k; axis++) {
      if (out.dim(-axis) != x.dim(-axis)) {
        return false;
      }
      product *= out.dim(-axis);
    }
    return product == k;
  }

  private static void addColumns(Kernels kernels, Tensor x, double[] sums) {
    int k = sums.length;
    int rows = x.size() / k;
    int atOnce = Math.max(1, PIECE / k);
    float[] piece = new float[k];
    for (int row = 0; row < rows; row += atOnce) {
      int count = Math.min(atOnce, rows - row);
      kernels.addColumns(x.buffer(), x.byteOffset() + 4 * row * k, count, k, piece);
      for (int j = 0; j < k; j++) {
        sums[j] += piece[j];
        piece[j] = 0;
      }
    }
  }

  private static void addElements(Tensor x, Tensor out, double[] sums) {
    ByteBuffer from = x.buffer();
    int at = x.byteOffset();
    Nest nest =
        new Nest(x.shape(), Nest.contiguous(x.shape()), Nest.broadcast(out.shape(), x.shape()));
    int length = nest.length();
    int step = 4 * nest.step(0);
    if (nest.step(1) == 0) {
      nest.run(
          offsets -> {
            double sum = 0;
            int first = at + 4 * offsets[0];
            for (int i = 0; i < length; i++) {
              sum += from.getFloat(first + i * step);
            }
            sums[offsets[1]] += sum;
          });
    } else {
      int outStep = nest.step(1);
      nest.run(
          offsets -> {
            int first = at + 4 * offsets[0];
            for (int i = 0; i < length; i++) {
              sums[offsets[1] + i * outStep] += from.getFloat(first + i * step);
            }
          });
    }
  }

  static void max(Tensor x, Tensor out) {
    float[] largest = new float[out.size()];
    Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    ByteBuffer from = x.buffer();
    int at = x.byteOffset();
    Nest nest =
        new Nest(x.shape(), Nest.contiguous(x.shape()), Nest.broadcast(out.shape(), x.shape()));
    int length = nest.length();
    int step = 4 * nest.step(0);
    int outStep = nest.step(1);
    nest.run(
        offsets -> {
          int first = at + 4 * offsets[0];
          for (int i = 0; i < length; i++) {
            int to = offsets[1] + i * outStep;
            largest[to] = Math.max(largest[to], from.getFloat(first + i * step));
          }
        });
    out.write(0, largest, 0, largest.length);
  }

  static void argmax(Tensor x, Tensor out) {
    int rows = out.size();
    int k = rows == 0 ? 0 : x.size() / rows;
    ByteBuffer from = x.buffer();
    for (int row = 0; row < rows; row++) {
      int at = x.byteOffset() + 4 * row * k;
      int best = 0;
      for (int j = 1; j < k; j++) {
        if (from.getFloat(at + 4 * j) > from.getFloat(at + 4 * best)) {
          best = j;
        }
      }
      out.buffer().putLong(out.byteOffset() + 8 * row, best);
    }
  }
}
