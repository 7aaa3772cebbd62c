package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import java.nio.ByteBuffer;

/**
 * The kernels as plain loops, for a JVM without the Vector API's module. They say what the vector
 * kernels compute.
 */
class PlainKernels implements Kernels {
  /** Rows that are added side by side: with them any row fills vectors of up to 16 lanes. */
  private static final int SIDE_BY_SIDE = 16;

  @Override
  public String name() {
    return "plain Java";
  }

  @Override
  public void binary(
      Binary op,
      ByteBuffer a,
      int aAt,
      int aStep,
      ByteBuffer b,
      int bAt,
      int bStep,
      ByteBuffer out,
      int outAt,
      int n,
      boolean accumulate) {
    for (int i = 0; i < n; i++) {
      float left = a.getFloat(aAt + 4 * i * aStep);
      float right = b.getFloat(bAt + 4 * i * bStep);
      float value =
          switch (op) {
            case ADD -> left + right;
            case SUBTRACT -> left - right;
            case MULTIPLY -> left * right;
            case DIVIDE -> left / right;
            case EQUAL -> left == right ? 1f : 0f;
          };
      put(out, outAt + 4 * i, value, accumulate);
    }
  }

  @Override
  public void scale(
      float factor, ByteBuffer x, int xAt, ByteBuffer out, int outAt, int n, boolean accumulate) {
    for (int i = 0; i < n; i++) {
      put(out, outAt + 4 * i, factor * x.getFloat(xAt + 4 * i), accumulate);
    }
  }

  @Override
  public void unary(Unary op, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      y.putFloat(yAt + 4 * i, FloatMath.apply(op, x.getFloat(xAt + 4 * i)));
    }
  }

  @Override
  public void biasActivation(
      Activation activation,
      ByteBuffer z,
      int zAt,
      ByteBuffer bias,
      int biasAt,
      ByteBuffer y,
      int yAt,
      int rows,
      int k) {
    for (int row = 0; row < rows; row++) {
      int rowAt = 4 * row * k;
      for (int j = 0; j < k; j++) {
        float sum = z.getFloat(zAt + rowAt + 4 * j) + bias.getFloat(biasAt + 4 * j);
        y.putFloat(yAt + rowAt + 4 * j, FloatMath.apply(activation, sum));
      }
    }
  }

  @Override
  public void activationGradient(
      Activation activation,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dz,
      int dzAt,
      int n) {
    for (int i = 0; i < n; i++) {
      float gradient =
          FloatMath.gradient(activation, y.getFloat(yAt + 4 * i), dy.getFloat(dyAt + 4 * i));
      dz.putFloat(dzAt + 4 * i, gradient);
    }
  }

  @Override
  public void addColumns(ByteBuffer x, int xAt, int rows, int k, float[] sums) {
    if (k % SIDE_BY_SIDE == 0) {
      addWideColumns(x, xAt, rows, k, sums);
      return;
    }
    int wide = rows / SIDE_BY_SIDE;
    if (wide > 0) {
      float[] apart = new float[SIDE_BY_SIDE * k];
      addWideColumns(x, xAt, wide, apart.length, apart);
      for (int i = 0; i < apart.length; i++) {
        sums[i % k] += apart[i];
      }
    }
    for (int i = wide * SIDE_BY_SIDE * k; i < rows * k; i++) {
      sums[i % k] += x.getFloat(xAt + 4 * i);
    }
  }

  /** {@link #addColumns} for a k that is a multiple of 16, row after row. */
  void addWideColumns(ByteBuffer x, int xAt, int rows, int k, float[] sums) {
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < k; j++) {
        sums[j] += x.getFloat(xAt + 4 * (row * k + j));
      }
    }
  }

  @Override
  public void gatherRuns(
      PatchRuns runs,
      int firstRun,
      int count,
      ByteBuffer image,
      int imageAt,
      ByteBuffer matrix,
      int matrixAt) {
    int to = matrixAt;
    for (int run = firstRun; run < firstRun + count; run++) {
      gatherRun(runs, run, image, imageAt, matrix, to);
      to += 4 * runs.length();
    }
  }

  static void gatherRun(
      PatchRuns runs, int run, ByteBuffer image, int imageAt, ByteBuffer matrix, int to) {
    int from = imageAt + 4 * runs.from(run);
    int first = runs.skipped(run);
    int last = first + runs.count(run);
    for (int i = 0; i < runs.length(); i++) {
      boolean inside = i >= first && i < last;
      matrix.putFloat(to + 4 * i, inside ? image.getFloat(from + 4 * (i - first)) : 0f);
    }
  }

  @Override
  public void scatterRuns(
      PatchRuns runs,
      int firstRun,
      int count,
      ByteBuffer image,
      int imageAt,
      ByteBuffer matrix,
      int matrixAt) {
    int from = matrixAt;
    for (int run = firstRun; run < firstRun + count; run++) {
      scatterRun(runs, run, image, imageAt, matrix, from);
      from += 4 * runs.length();
    }
  }

  static void scatterRun(
      PatchRuns runs, int run, ByteBuffer image, int imageAt, ByteBuffer matrix, int matrixAt) {
    int to = imageAt + 4 * runs.from(run);
    int from = matrixAt + 4 * runs.skipped(run);
    for (int i = 0; i < runs.count(run); i++) {
      put(image, to + 4 * i, matrix.getFloat(from + 4 * i), true);
    }
  }

  static void put(ByteBuffer out, int at, float value, boolean accumulate) {
    out.putFloat(at, accumulate ? out.getFloat(at) + value : value);
  }
}
