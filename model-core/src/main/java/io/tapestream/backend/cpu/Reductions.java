package io.tapestream.backend.cpu;

import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Sums and maxima. Sums are collected in double precision, in C order, and rounded once. */
final class Reductions {
  private Reductions() {}

  static void sum(double factor, Tensor x, Tensor out, boolean accumulate) {
    double[] sums = new double[out.size()];
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
    for (int i = 0; i < sums.length; i++) {
      PlainKernels.put(
          out.buffer(), out.byteOffset() + 4 * i, (float) (factor * sums[i]), accumulate);
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
