package io.tapestream.backend.cpu;

import io.tapestream.backend.Unary;
import io.tapestream.random.Philox;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/** What is computed element by element and has no vector kernel. */
final class Elements {
  private Elements() {}

  /** {@code out = factor · x}, where x is broadcast to out's shape. */
  static void scaleRepeated(float factor, Tensor x, Tensor out, boolean accumulate) {
    ByteBuffer from = x.buffer();
    ByteBuffer to = out.buffer();
    Nest nest =
        new Nest(out.shape(), Nest.broadcast(x.shape(), out.shape()), Nest.contiguous(out.shape()));
    int length = nest.length();
    int xStep = 4 * nest.step(0);
    int outStep = 4 * nest.step(1);
    nest.run(
        offsets -> {
          int source = x.byteOffset() + 4 * offsets[0];
          int target = out.byteOffset() + 4 * offsets[1];
          for (int i = 0; i < length; i++) {
            float value = factor * from.getFloat(source + i * xStep);
            PlainKernels.put(to, target + i * outStep, value, accumulate);
          }
        });
  }

  static void unaryGradient(
      Unary op, Tensor x, Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    ByteBuffer inputs = x.buffer();
    ByteBuffer outputs = y.buffer();
    ByteBuffer from = dy.buffer();
    ByteBuffer to = dx.buffer();
    for (int i = 0; i < x.size(); i++) {
      float input = inputs.getFloat(x.byteOffset() + 4 * i);
      float output = outputs.getFloat(y.byteOffset() + 4 * i);
      float gradient = from.getFloat(dy.byteOffset() + 4 * i);
      float result = gradient * FloatMath.derivative(op, input, output);
      PlainKernels.put(to, dx.byteOffset() + 4 * i, result, accumulate);
    }
  }

  static void clip(Tensor x, float low, float high, Tensor y) {
    ByteBuffer from = x.buffer();
    ByteBuffer to = y.buffer();
    for (int i = 0; i < x.size(); i++) {
      float value = from.getFloat(x.byteOffset() + 4 * i);
      to.putFloat(y.byteOffset() + 4 * i, Math.min(Math.max(value, low), high));
    }
  }

  static void clipGradient(
      Tensor x, float low, float high, Tensor dy, Tensor dx, boolean accumulate) {
    ByteBuffer from = x.buffer();
    ByteBuffer gradients = dy.buffer();
    ByteBuffer to = dx.buffer();
    for (int i = 0; i < x.size(); i++) {
      float value = from.getFloat(x.byteOffset() + 4 * i);
      boolean passes = low <= value && value <= high;
      float gradient = passes ? gradients.getFloat(dy.byteOffset() + 4 * i) : 0f;
      PlainKernels.put(to, dx.byteOffset() + 4 * i, gradient, accumulate);
    }
  }

  static void dropout(Tensor x, double rate, long key, int firstRow, Tensor y, boolean accumulate) {
    int rows = x.rank() == 0 ? 1 : x.dim(0);
    int width = rows == 0 ? 0 : x.size() / rows;
    long bound = Philox.dropBound(rate);
    float kept = (float) (1 / (1 - rate));
    ByteBuffer from = x.buffer();
    ByteBuffer to = y.buffer();
    int[] words = new int[4];
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < width; j++) {
        if ((j & 3) == 0) {
          Philox.block(key, j >> 2, firstRow + row, 0, 0, words);
        }
        int at = 4 * (row * width + j);
        float value =
            Philox.keeps(words[j & 3], bound) ? from.getFloat(x.byteOffset() + at) * kept : 0f;
        PlainKernels.put(to, y.byteOffset() + at, value, accumulate);
      }
    }
  }
}
