package io.tapestream.backend.cpu;

import static jdk.incubator.vector.VectorOperators.F2D;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The kernels in vector instructions of whatever width the processor has; what is left over at the
 * end of a loop goes to the plain kernels. Each loop holds one operation, since the compiler keeps
 * vectors in registers only where it sees which one it is.
 */
final class VectorKernels extends PlainKernels {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final int LANES = FLOATS.length();
  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final int DOUBLE_LANES = DOUBLES.length();

  /** As many floats as a vector of doubles takes. */
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(32 * DOUBLE_LANES));

  @Override
  public String name() {
    return "Vector API, " + LANES + " lanes";
  }

  @Override
  public Convolution.@Nullable Plan plan(Convolution convolution) {
    Convolution.Plan few =
        switch (convolution.product()) {
          case FORWARD -> VectorForward.of(convolution);
          case INPUT_GRADIENT -> VectorInputGradient.of(convolution);
          case FILTER_GRADIENT -> null;
        };
    return few != null ? few : VectorWinogradConvolution.of(convolution);
  }

  @Override
  public NormLine line(NormLine.Form form) {
    return new VectorLine(form);
  }

  static FloatVector load(ByteBuffer buffer, int at) {
    return FloatVector.fromByteBuffer(FLOATS, buffer, at, NATIVE);
  }

  static void store(FloatVector value, ByteBuffer buffer, int at) {
    value.intoByteBuffer(buffer, at, NATIVE);
  }

  static void store(FloatVector value, ByteBuffer buffer, int at, boolean accumulate) {
    store(accumulate ? load(buffer, at).add(value) : value, buffer, at);
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
    int end = aStep > 1 || bStep > 1 || op == Binary.EQUAL ? 0 : FLOATS.loopBound(n);
    if (end > 0) {
      VectorElements.binary(op, a, aAt, aStep, b, bAt, bStep, out, outAt, end, accumulate);
    }
    super.binary(
        op,
        a,
        aAt + 4 * end * aStep,
        aStep,
        b,
        bAt + 4 * end * bStep,
        bStep,
        out,
        outAt + 4 * end,
        n - end,
        accumulate);
  }

  @Override
  public void scale(
      float factor, ByteBuffer x, int xAt, ByteBuffer out, int outAt, int n, boolean accumulate) {
    int end = FLOATS.loopBound(n);
    VectorElements.scale(factor, x, xAt, out, outAt, end, accumulate);
    super.scale(factor, x, xAt + 4 * end, out, outAt + 4 * end, n - end, accumulate);
  }

  @Override
  public void unary(Unary op, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    int end = VectorElements.hasVectors(op) ? FLOATS.loopBound(n) : 0;
    if (end > 0) {
      VectorElements.unary(op, x, xAt, y, yAt, end);
    }
    super.unary(op, x, xAt + 4 * end, y, yAt + 4 * end, n - end);
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
    int end = FLOATS.loopBound(n);
    VectorElements.rectify(slope, threshold, ceiling, x, xAt, y, yAt, end);
    super.rectify(slope, threshold, ceiling, x, xAt + 4 * end, y, yAt + 4 * end, n - end);
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
    int end = FLOATS.loopBound(n);
    VectorElements.rectifyGradient(
        slope, threshold, ceiling, x, xAt, dy, dyAt, dx, dxAt, end, accumulate);
    super.rectifyGradient(
        slope,
        threshold,
        ceiling,
        x,
        xAt + 4 * end,
        dy,
        dyAt + 4 * end,
        dx,
        dxAt + 4 * end,
        n - end,
        accumulate);
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
    if (k < 1) {
      return;
    }
    int n = rows * k;
    int end = FLOATS.loopBound(n);
    float[] repeated = new float[k + LANES];
    for (int j = 0; j < repeated.length; j++) {
      repeated[j] = bias.getFloat(biasAt + 4 * (j % k));
    }
    VectorActivations.biased(activation, z, zAt, repeated, k, y, yAt, end);
    for (int i = end; i < n; i++) {
      float sum = z.getFloat(zAt + 4 * i) + repeated[i % k];
      y.putFloat(yAt + 4 * i, FloatMath.apply(activation, sum));
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
    int end = FLOATS.loopBound(n);
    VectorActivations.gradient(activation, y, yAt, dy, dyAt, dz, dzAt, end);
    super.activationGradient(
        activation, y, yAt + 4 * end, dy, dyAt + 4 * end, dz, dzAt + 4 * end, n - end);
  }

  @Override
  void addWideColumns(ByteBuffer x, int xAt, int rows, int k, float[] sums) {
    for (int j = 0; j < k; j += LANES) {
      FloatVector sum = FloatVector.fromArray(FLOATS, sums, j);
      for (int row = 0, at = xAt + 4 * j; row < rows; row++, at += 4 * k) {
        sum = sum.add(load(x, at));
      }
      sum.intoArray(sums, j);
    }
  }

  @Override
  public void addSquares(ByteBuffer x, int xAt, int rows, int k, float[] center, float[] sums) {
    int end = FLOATS.loopBound(k);
    for (int row = 0, at = xAt; row < rows; row++, at += 4 * k) {
      for (int j = 0; j < end; j += LANES) {
        FloatVector d = load(x, at + 4 * j).sub(FloatVector.fromArray(FLOATS, center, j));
        FloatVector.fromArray(FLOATS, sums, j).add(d.mul(d)).intoArray(sums, j);
      }
      for (int j = end; j < k; j++) {
        addSquare(x, at, j, center, sums);
      }
    }
  }

  /** Four vectors of sums at a time, so that one addition needn't wait for the other. */
  @Override
  public void addSquares(ByteBuffer x, int xAt, int n, double[] sums) {
    int end = n - n % SQUARE_SUMS;
    for (int first = 0; first < SQUARE_SUMS; first += 4 * DOUBLE_LANES) {
      DoubleVector a = DoubleVector.fromArray(DOUBLES, sums, first);
      DoubleVector b = DoubleVector.fromArray(DOUBLES, sums, first + DOUBLE_LANES);
      DoubleVector c = DoubleVector.fromArray(DOUBLES, sums, first + 2 * DOUBLE_LANES);
      DoubleVector d = DoubleVector.fromArray(DOUBLES, sums, first + 3 * DOUBLE_LANES);
      for (int i = first; i < end; i += SQUARE_SUMS) {
        a = addSquare(a, x, xAt + 4 * i);
        b = addSquare(b, x, xAt + 4 * (i + DOUBLE_LANES));
        c = addSquare(c, x, xAt + 4 * (i + 2 * DOUBLE_LANES));
        d = addSquare(d, x, xAt + 4 * (i + 3 * DOUBLE_LANES));
      }
      a.intoArray(sums, first);
      b.intoArray(sums, first + DOUBLE_LANES);
      c.intoArray(sums, first + 2 * DOUBLE_LANES);
      d.intoArray(sums, first + 3 * DOUBLE_LANES);
    }
    super.addSquares(x, xAt + 4 * end, n - end, sums);
  }

  /** A float's square is exact in double, so that a fused operation rounds like two. */
  private static DoubleVector addSquare(DoubleVector sum, ByteBuffer x, int at) {
    FloatVector half = FloatVector.fromByteBuffer(HALF, x, at, NATIVE);
    DoubleVector value = (DoubleVector) half.convertShape(F2D, DOUBLES, 0);
    return value.fma(value, sum);
  }

  @Override
  public void addProducts(
      ByteBuffer x, int xAt, ByteBuffer z, int zAt, int rows, int k, float[] center, float[] sums) {
    int end = FLOATS.loopBound(k);
    for (int row = 0, at = 0; row < rows; row++, at += 4 * k) {
      for (int j = 0; j < end; j += LANES) {
        FloatVector d = load(x, xAt + at + 4 * j).sub(FloatVector.fromArray(FLOATS, center, j));
        FloatVector product = d.mul(load(z, zAt + at + 4 * j));
        FloatVector.fromArray(FLOATS, sums, j).add(product).intoArray(sums, j);
      }
      for (int j = end; j < k; j++) {
        addProduct(x, xAt + at, z, zAt + at, j, center, sums);
      }
    }
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
    int end = FLOATS.loopBound(k);
    for (int row = 0, at = 0; row < rows; row++, at += 4 * k) {
      for (int j = 0; j < end; j += LANES) {
        FloatVector d = load(x, xAt + at + 4 * j).sub(FloatVector.fromArray(FLOATS, center, j));
        FloatVector scaled = d.mul(FloatVector.fromArray(FLOATS, factor, j));
        store(scaled.add(FloatVector.fromArray(FLOATS, shift, j)), y, yAt + at + 4 * j);
      }
      for (int j = end; j < k; j++) {
        normalizeOne(x, xAt + at, y, yAt + at, j, center, factor, shift);
      }
    }
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
    int end = FLOATS.loopBound(k);
    for (int row = 0, at = 0; row < rows; row++, at += 4 * k) {
      for (int j = 0; j < end; j += LANES) {
        FloatVector d = load(x, xAt + at + 4 * j).sub(FloatVector.fromArray(FLOATS, center, j));
        FloatVector g = load(dy, dyAt + at + 4 * j).mul(FloatVector.fromArray(FLOATS, own, j));
        FloatVector sum = g.add(d.mul(FloatVector.fromArray(FLOATS, along, j)));
        store(sum.add(FloatVector.fromArray(FLOATS, shift, j)), dx, dxAt + at + 4 * j, accumulate);
      }
      for (int j = end; j < k; j++) {
        normalizeOneGradient(
            x, xAt + at, dy, dyAt + at, dx, dxAt + at, j, center, own, along, shift, accumulate);
      }
    }
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
    int end = FLOATS.loopBound(u);
    VectorLstm.state(gates, gatesAt, before, beforeAt, c, cAt, end, u);
    super.lstmState(gates, gatesAt, before, beforeAt, c, cAt, end, u);
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
    int end =
        recurrent == Activation.SIGMOID && activation == Activation.TANH ? FLOATS.loopBound(u) : 0;
    VectorLstm.gradient(
        gates,
        gatesAt,
        before,
        beforeAt,
        activated,
        activatedAt,
        dh,
        dhAt,
        dc,
        dcAt,
        dz,
        dzAt,
        end,
        u);
    super.lstmGradient(
        recurrent,
        activation,
        gates,
        gatesAt,
        before,
        beforeAt,
        activated,
        activatedAt,
        dh,
        dhAt,
        dc,
        dcAt,
        dz,
        dzAt,
        end,
        u);
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
    if (width % LANES == 0) {
      VectorRows.move(move, ids, idsAt, n, rows, rowsAt, table, tableAt, width);
    } else {
      super.moveRows(move, ids, idsAt, n, rows, rowsAt, table, tableAt, width);
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
    if (channels % LANES != 0) {
      super.maxOfWindows(windows, windowStep, rows, rowStep, columns, channels, x, xAt, y, yAt);
    } else if (rows == 2 && columns == 2) {
      VectorPools.maxOfFour(windows, windowStep, rowStep, channels, x, xAt, y, yAt);
    } else {
      VectorPools.max(windows, windowStep, rows, rowStep, columns, channels, x, xAt, y, yAt);
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
    if (channels % LANES != 0) {
      super.maxOfWindowsGradient(
          windows,
          windowStep,
          rows,
          rowStep,
          columns,
          channels,
          x,
          xAt,
          y,
          yAt,
          dy,
          dyAt,
          dx,
          dxAt);
    } else if (rows == 2 && columns == 2) {
      VectorPools.maxOfFourGradient(
          windows, windowStep, rowStep, channels, x, xAt, y, yAt, dy, dyAt, dx, dxAt);
    } else {
      VectorPools.maxGradient(
          windows,
          windowStep,
          rows,
          rowStep,
          columns,
          channels,
          x,
          xAt,
          y,
          yAt,
          dy,
          dyAt,
          dx,
          dxAt);
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
    if (channels % LANES == 0) {
      VectorPools.takeMaxima(
          windows, channels, row, gradient, rowFrom, rowStep, largest, given, first);
    } else {
      super.takeMaxima(windows, channels, row, gradient, rowFrom, rowStep, largest, given, first);
    }
  }

  /** The last vector of a run overlaps the one before, so that no run has a rest. */
  @Override
  public void gatherRuns(
      PatchRuns runs,
      int firstRun,
      int count,
      ByteBuffer image,
      int imageAt,
      ByteBuffer matrix,
      int matrixAt) {
    int length = runs.length();
    int last = length - LANES;
    int to = matrixAt;
    for (int run = firstRun; run < firstRun + count; run++, to += 4 * length) {
      if (last < 0 || runs.count(run) < length) {
        gatherRun(runs, run, image, imageAt, matrix, to);
      } else {
        int from = imageAt + 4 * runs.from(run);
        for (int i = 0; i < last; i += LANES) {
          store(load(image, from + 4 * i), matrix, to + 4 * i);
        }
        store(load(image, from + 4 * last), matrix, to + 4 * last);
      }
    }
  }

  /**
   * The last vector of a run overlaps the one before; the lanes that have been added already add a
   * zero.
   */
  @Override
  public void scatterRuns(
      PatchRuns runs,
      int firstRun,
      int count,
      ByteBuffer image,
      int imageAt,
      ByteBuffer matrix,
      int matrixAt) {
    int length = runs.length();
    int last = length - LANES;
    int rest = length % LANES == 0 ? LANES : length % LANES;
    VectorMask<Float> isNew = VectorMask.fromLong(FLOATS, -1L << (LANES - rest));
    FloatVector zero = FloatVector.zero(FLOATS);
    int from = matrixAt;
    for (int run = firstRun; run < firstRun + count; run++, from += 4 * length) {
      if (last < 0 || runs.count(run) < length) {
        scatterRun(runs, run, image, imageAt, matrix, from);
      } else {
        int to = imageAt + 4 * runs.from(run);
        for (int i = 0; i < last; i += LANES) {
          store(load(image, to + 4 * i).add(load(matrix, from + 4 * i)), image, to + 4 * i);
        }
        FloatVector added = zero.blend(load(matrix, from + 4 * last), isNew);
        store(load(image, to + 4 * last).add(added), image, to + 4 * last);
      }
    }
  }
}
