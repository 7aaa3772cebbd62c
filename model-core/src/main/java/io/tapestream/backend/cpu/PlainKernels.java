package io.tapestream.backend.cpu;

import static java.lang.Float.floatToRawIntBits;
import static java.lang.Float.intBitsToFloat;

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
  public void rectify(
      float slope,
      float threshold,
      float ceiling,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      int n) {
    for (int i = 0; i < n; i++) {
      float value = x.getFloat(xAt + 4 * i);
      float below = value < threshold ? slope * (value - threshold) : value;
      y.putFloat(yAt + 4 * i, value >= ceiling ? ceiling : below);
    }
  }

  @Override
  public void rectifyGradient(
      float slope,
      float threshold,
      float ceiling,
      ByteBuffer x,
      int xAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt,
      int n,
      boolean accumulate) {
    for (int i = 0; i < n; i++) {
      float value = x.getFloat(xAt + 4 * i);
      float factor = value >= ceiling ? 0f : value > threshold ? 1f : slope;
      put(dx, dxAt + 4 * i, dy.getFloat(dyAt + 4 * i) * factor, accumulate);
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
  public void moveRows(
      RowMove move,
      ByteBuffer ids,
      int idsAt,
      int n,
      ByteBuffer rows,
      int rowsAt,
      ByteBuffer table,
      int tableAt,
      int width) {
    for (int i = 0; i < n; i++) {
      int row = tableAt + 4 * width * (int) ids.getLong(idsAt + 8 * i);
      int own = rowsAt + 4 * width * i;
      for (int j = 0; j < 4 * width; j += 4) {
        switch (move) {
          case GATHER -> rows.putFloat(own + j, table.getFloat(row + j));
          case SET -> table.putFloat(row + j, rows.getFloat(own + j));
          case ADD -> put(table, row + j, rows.getFloat(own + j), true);
        }
      }
    }
  }

  @Override
  public void maxOfWindows(
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
    for (int i = 0; i < windows * channels; i++) {
      int first = xAt + i / channels * windowStep + 4 * (i % channels);
      float largest = x.getFloat(first);
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < columns; j++) {
          largest = Math.max(largest, x.getFloat(first + r * rowStep + 4 * j * channels));
        }
      }
      y.putFloat(yAt + 4 * i, largest);
    }
  }

  @Override
  public void maxOfWindowsGradient(
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
    for (int i = 0; i < windows * channels; i++) {
      int first = i / channels * windowStep + 4 * (i % channels);
      float largest = y.getFloat(yAt + 4 * i);
      int offered = floatToRawIntBits(dy.getFloat(dyAt + 4 * i));
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < columns; j++) {
          int at = first + r * rowStep + 4 * j * channels;
          int passed = offered & maskOfDifference(x.getFloat(xAt + at), largest);
          dx.putFloat(dxAt + at, intBitsToFloat(offered ^ passed));
          offered = passed;
        }
      }
    }
  }

  @Override
  public void takeMaxima(
      int windows,
      int channels,
      float[] row,
      float[] gradient,
      int rowFrom,
      int rowStep,
      float[] largest,
      float[] given,
      int first) {
    for (int w = 0; w < windows; w++) {
      int from = rowFrom + w * rowStep;
      int to = (first + w) * channels;
      for (int c = 0; c < channels; c++) {
        int offered = floatToRawIntBits(given[to + c]);
        int passed = offered & maskOfDifference(row[from + c], largest[to + c]);
        gradient[from + c] += intBitsToFloat(offered ^ passed);
        given[to + c] = intBitsToFloat(passed);
      }
    }
  }

  /**
   * All ones if two numbers differ, else 0: without a branch, which would be mispredicted as often
   * as not.
   */
  private static int maskOfDifference(float a, float b) {
    int difference = floatToRawIntBits(a + 0f) ^ floatToRawIntBits(b + 0f);
    return (difference | -difference) >> 31;
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

  @Override
  public void addSquares(ByteBuffer x, int xAt, int rows, int k, float[] center, float[] sums) {
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < k; j++) {
        addSquare(x, xAt + 4 * row * k, j, center, sums);
      }
    }
  }

  static void addSquare(ByteBuffer x, int xAt, int j, float[] center, float[] sums) {
    float d = x.getFloat(xAt + 4 * j) - center[j];
    sums[j] += d * d;
  }

  @Override
  public void addSquares(ByteBuffer x, int xAt, int n, double[] sums) {
    for (int i = 0; i < n; i++) {
      double value = x.getFloat(xAt + 4 * i);
      sums[i % SQUARE_SUMS] += value * value;
    }
  }

  @Override
  public void addProducts(
      ByteBuffer x, int xAt, ByteBuffer z, int zAt, int rows, int k, float[] center, float[] sums) {
    for (int row = 0; row < rows; row++) {
      int at = 4 * row * k;
      for (int j = 0; j < k; j++) {
        addProduct(x, xAt + at, z, zAt + at, j, center, sums);
      }
    }
  }

  static void addProduct(
      ByteBuffer x, int xAt, ByteBuffer z, int zAt, int j, float[] center, float[] sums) {
    sums[j] += (x.getFloat(xAt + 4 * j) - center[j]) * z.getFloat(zAt + 4 * j);
  }

  @Override
  public void normalize(
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      int rows,
      int k,
      float[] center,
      float[] factor,
      float[] shift) {
    for (int row = 0; row < rows; row++) {
      int at = 4 * row * k;
      for (int j = 0; j < k; j++) {
        normalizeOne(x, xAt + at, y, yAt + at, j, center, factor, shift);
      }
    }
  }

  static void normalizeOne(
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      int j,
      float[] center,
      float[] factor,
      float[] shift) {
    float d = x.getFloat(xAt + 4 * j) - center[j];
    y.putFloat(yAt + 4 * j, d * factor[j] + shift[j]);
  }

  @Override
  public void normalizeGradient(
      ByteBuffer x,
      int xAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt,
      int rows,
      int k,
      float[] center,
      float[] own,
      float[] along,
      float[] shift,
      boolean accumulate) {
    for (int row = 0; row < rows; row++) {
      int at = 4 * row * k;
      for (int j = 0; j < k; j++) {
        normalizeOneGradient(
            x, xAt + at, dy, dyAt + at, dx, dxAt + at, j, center, own, along, shift, accumulate);
      }
    }
  }

  static void normalizeOneGradient(
      ByteBuffer x,
      int xAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt,
      int j,
      float[] center,
      float[] own,
      float[] along,
      float[] shift,
      boolean accumulate) {
    float d = x.getFloat(xAt + 4 * j) - center[j];
    float gradient = dy.getFloat(dyAt + 4 * j) * own[j] + d * along[j] + shift[j];
    put(dx, dxAt + 4 * j, gradient, accumulate);
  }

  @Override
  public void lstmState(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer c,
      int cAt,
      int from,
      int u) {
    for (int j = 4 * from; j < 4 * u; j += 4) {
      float kept = gates.getFloat(gatesAt + 4 * u + j) * before.getFloat(beforeAt + j);
      float taken = gates.getFloat(gatesAt + j) * gates.getFloat(gatesAt + 8 * u + j);
      c.putFloat(cAt + j, kept + taken);
    }
  }

  @Override
  public void lstmGradient(
      Activation recurrent,
      Activation activation,
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer dc,
      int dcAt,
      ByteBuffer dz,
      int dzAt,
      int from,
      int u) {
    for (int j = 4 * from; j < 4 * u; j += 4) {
      float in = gates.getFloat(gatesAt + j);
      float forget = gates.getFloat(gatesAt + 4 * u + j);
      float candidate = gates.getFloat(gatesAt + 8 * u + j);
      float out = gates.getFloat(gatesAt + 12 * u + j);
      float squashed = activated.getFloat(activatedAt + j);
      float g = dh.getFloat(dhAt + j);
      float d = dc.getFloat(dcAt + j) + FloatMath.gradient(activation, squashed, g * out);
      float old = before.getFloat(beforeAt + j);
      dz.putFloat(dzAt + j, FloatMath.gradient(recurrent, in, d * candidate));
      dz.putFloat(dzAt + 4 * u + j, FloatMath.gradient(recurrent, forget, d * old));
      dz.putFloat(dzAt + 8 * u + j, FloatMath.gradient(activation, candidate, d * in));
      dz.putFloat(dzAt + 12 * u + j, FloatMath.gradient(recurrent, out, g * squashed));
      dc.putFloat(dcAt + j, d * forget);
    }
  }

  static void put(ByteBuffer out, int at, float value, boolean accumulate) {
    out.putFloat(at, accumulate ? out.getFloat(at) + value : value);
  }
}
