package io.tapestream.backend.cpu;

import static jdk.incubator.vector.VectorOperators.ABS;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.SQRT;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The kernels in vector instructions of whatever width the processor has; what is left over at the
 * end of a loop goes to the plain kernels. Each loop holds one operation, since the compiler keeps
 * vectors in registers only where it sees which one it is.
 */
final class VectorKernels extends PlainKernels {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = FLOATS.length();
  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();

  @Override
  public String name() {
    return "Vector API, " + LANES + " lanes";
  }

  @Override
  public Convolution.@Nullable Plan plan(Convolution convolution) {
    return switch (convolution.product()) {
      case FORWARD -> VectorForward.of(convolution);
      case INPUT_GRADIENT -> VectorInputGradient.of(convolution);
      case FILTER_GRADIENT -> null;
    };
  }

  private static FloatVector load(ByteBuffer buffer, int at) {
    return FloatVector.fromByteBuffer(FLOATS, buffer, at, NATIVE);
  }

  private static void store(FloatVector value, ByteBuffer buffer, int at) {
    value.intoByteBuffer(buffer, at, NATIVE);
  }

  private static void store(FloatVector value, ByteBuffer buffer, int at, boolean accumulate) {
    store(accumulate ? load(buffer, at).add(value) : value, buffer, at);
  }

  /** An operand of {@link #binary}: the next elements, or the one that is repeated. */
  private static FloatVector operand(ByteBuffer buffer, int at, int i, int step) {
    return step == 0
        ? FloatVector.broadcast(FLOATS, buffer.getFloat(at))
        : load(buffer, at + 4 * i);
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
    switch (op) {
      case ADD -> {
        for (int i = 0; i < end; i += LANES) {
          FloatVector value = operand(a, aAt, i, aStep).add(operand(b, bAt, i, bStep));
          store(value, out, outAt + 4 * i, accumulate);
        }
      }
      case SUBTRACT -> {
        for (int i = 0; i < end; i += LANES) {
          FloatVector value = operand(a, aAt, i, aStep).sub(operand(b, bAt, i, bStep));
          store(value, out, outAt + 4 * i, accumulate);
        }
      }
      case MULTIPLY -> {
        for (int i = 0; i < end; i += LANES) {
          FloatVector value = operand(a, aAt, i, aStep).mul(operand(b, bAt, i, bStep));
          store(value, out, outAt + 4 * i, accumulate);
        }
      }
      case DIVIDE -> {
        for (int i = 0; i < end; i += LANES) {
          FloatVector value = operand(a, aAt, i, aStep).div(operand(b, bAt, i, bStep));
          store(value, out, outAt + 4 * i, accumulate);
        }
      }
      case EQUAL -> {}
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
    for (int i = 0; i < end; i += LANES) {
      store(load(x, xAt + 4 * i).mul(factor), out, outAt + 4 * i, accumulate);
    }
    super.scale(factor, x, xAt + 4 * end, out, outAt + 4 * end, n - end, accumulate);
  }

  private static boolean hasVectors(Unary op) {
    return switch (op) {
      case EXP, SQRT, SQUARE, NEGATIVE, ABS, RELU, SIGMOID, TANH -> true;
      case LOG, ELU, GELU, GELU_TANH -> false;
    };
  }

  @Override
  public void unary(Unary op, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    int end = hasVectors(op) ? FLOATS.loopBound(n) : 0;
    switch (op) {
      case EXP -> {
        for (int i = 0; i < end; i += LANES) {
          store(exp(load(x, xAt + 4 * i)), y, yAt + 4 * i);
        }
      }
      case SQRT -> {
        for (int i = 0; i < end; i += LANES) {
          store(load(x, xAt + 4 * i).lanewise(SQRT), y, yAt + 4 * i);
        }
      }
      case SQUARE -> {
        for (int i = 0; i < end; i += LANES) {
          FloatVector value = load(x, xAt + 4 * i);
          store(value.mul(value), y, yAt + 4 * i);
        }
      }
      case NEGATIVE -> {
        for (int i = 0; i < end; i += LANES) {
          store(load(x, xAt + 4 * i).neg(), y, yAt + 4 * i);
        }
      }
      case ABS -> {
        for (int i = 0; i < end; i += LANES) {
          store(load(x, xAt + 4 * i).lanewise(ABS), y, yAt + 4 * i);
        }
      }
      case RELU -> {
        for (int i = 0; i < end; i += LANES) {
          store(load(x, xAt + 4 * i).max(0f), y, yAt + 4 * i);
        }
      }
      case SIGMOID -> {
        for (int i = 0; i < end; i += LANES) {
          store(sigmoid(load(x, xAt + 4 * i)), y, yAt + 4 * i);
        }
      }
      case TANH -> {
        for (int i = 0; i < end; i += LANES) {
          store(tanh(load(x, xAt + 4 * i)), y, yAt + 4 * i);
        }
      }
      case LOG, ELU, GELU, GELU_TANH -> {}
    }
    super.unary(op, x, xAt + 4 * end, y, yAt + 4 * end, n - end);
  }

  /**
   * Columns of a row are vectors; a bias shorter than that is repeated, so that a vector spans
   * several rows.
   */
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
    int n = rows * k;
    int end = k < 1 ? 0 : FLOATS.loopBound(n);
    float[] repeated = new float[k + LANES];
    for (int j = 0; j < repeated.length && k > 0; j++) {
      repeated[j] = bias.getFloat(biasAt + 4 * (j % k));
    }
    int column = 0;
    int advance = k < 1 ? 0 : LANES % k;
    switch (activation) {
      case LINEAR -> {
        for (int i = 0; i < end; i += LANES, column = next(column, advance, k)) {
          store(sum(z, zAt + 4 * i, repeated, column), y, yAt + 4 * i);
        }
      }
      case RELU -> {
        for (int i = 0; i < end; i += LANES, column = next(column, advance, k)) {
          store(sum(z, zAt + 4 * i, repeated, column).max(0f), y, yAt + 4 * i);
        }
      }
      case SIGMOID -> {
        for (int i = 0; i < end; i += LANES, column = next(column, advance, k)) {
          store(sigmoid(sum(z, zAt + 4 * i, repeated, column)), y, yAt + 4 * i);
        }
      }
      case TANH -> {
        for (int i = 0; i < end; i += LANES, column = next(column, advance, k)) {
          store(tanh(sum(z, zAt + 4 * i, repeated, column)), y, yAt + 4 * i);
        }
      }
    }
    for (int i = end; i < n; i++) {
      float sum = z.getFloat(zAt + 4 * i) + repeated[i % k];
      y.putFloat(yAt + 4 * i, FloatMath.apply(activation, sum));
    }
  }

  private static FloatVector sum(ByteBuffer z, int at, float[] bias, int column) {
    return load(z, at).add(FloatVector.fromArray(FLOATS, bias, column));
  }

  private static int next(int column, int advance, int k) {
    int moved = column + advance;
    return moved < k ? moved : moved - k;
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
    switch (activation) {
      case LINEAR -> {
        for (int i = 0; i < end; i += LANES) {
          store(load(dy, dyAt + 4 * i), dz, dzAt + 4 * i);
        }
      }
      case RELU -> {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < end; i += LANES) {
          FloatVector gradient = load(dy, dyAt + 4 * i);
          store(zero.blend(gradient, load(y, yAt + 4 * i).compare(GT, 0f)), dz, dzAt + 4 * i);
        }
      }
      case SIGMOID -> {
        FloatVector one = FloatVector.broadcast(FLOATS, 1f);
        for (int i = 0; i < end; i += LANES) {
          FloatVector output = load(y, yAt + 4 * i);
          FloatVector slope = output.mul(one.sub(output));
          store(load(dy, dyAt + 4 * i).mul(slope), dz, dzAt + 4 * i);
        }
      }
      case TANH -> {
        FloatVector one = FloatVector.broadcast(FLOATS, 1f);
        for (int i = 0; i < end; i += LANES) {
          FloatVector output = load(y, yAt + 4 * i);
          FloatVector slope = one.sub(output.mul(output));
          store(load(dy, dyAt + 4 * i).mul(slope), dz, dzAt + 4 * i);
        }
      }
    }
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
  public void lstmGradient(
      Activation recurrent,
      Activation activation,
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer dc,
      int dcAt,
      ByteBuffer dgates,
      int dgatesAt,
      int from,
      int u) {
    int end =
        recurrent == Activation.SIGMOID && activation == Activation.TANH ? FLOATS.loopBound(u) : 0;
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int j = 4 * from; j < 4 * end; j += 4 * LANES) {
      FloatVector in = load(gates, gatesAt + j);
      FloatVector forget = load(gates, gatesAt + 4 * u + j);
      FloatVector candidate = load(gates, gatesAt + 8 * u + j);
      FloatVector out = load(gates, gatesAt + 12 * u + j);
      FloatVector squashed = load(dgates, dgatesAt + 12 * u + j);
      FloatVector g = load(dh, dhAt + j);
      FloatVector through = g.mul(out).mul(one.sub(squashed.mul(squashed)));
      FloatVector d = load(dc, dcAt + j).add(through);
      store(d.mul(candidate).mul(in.mul(one.sub(in))), dgates, dgatesAt + j);
      FloatVector old = load(before, beforeAt + j);
      store(d.mul(old).mul(forget.mul(one.sub(forget))), dgates, dgatesAt + 4 * u + j);
      store(d.mul(in).mul(one.sub(candidate.mul(candidate))), dgates, dgatesAt + 8 * u + j);
      store(g.mul(squashed).mul(out.mul(one.sub(out))), dgates, dgatesAt + 12 * u + j);
      store(d.mul(forget), dc, dcAt + j);
    }
    super.lstmGradient(
        recurrent,
        activation,
        gates,
        gatesAt,
        before,
        beforeAt,
        dh,
        dhAt,
        dc,
        dcAt,
        dgates,
        dgatesAt,
        end,
        u);
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

  /** {@link FloatMath#exp}, lane by lane. */
  private static FloatVector exp(FloatVector x) {
    FloatVector bounded = x.max(FloatMath.EXP_LOWEST).min(FloatMath.EXP_HIGHEST);
    FloatVector shifted = bounded.fma(all(FloatMath.LOG2_E), all(FloatMath.ROUNDER));
    FloatVector n = shifted.sub(FloatMath.ROUNDER);
    FloatVector r = n.fma(all(-FloatMath.LN2_UPPER), bounded);
    r = n.fma(all(-FloatMath.LN2_LOWER), r);
    FloatVector p = all(FloatMath.EXP_6).fma(r, all(FloatMath.EXP_5));
    p = p.fma(r, all(FloatMath.EXP_4));
    p = p.fma(r, all(FloatMath.EXP_3));
    p = p.fma(r, all(FloatMath.EXP_2));
    p = p.fma(r, all(FloatMath.EXP_1));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector half = shifted.reinterpretAsInts().add(126).lanewise(LSHL, 23);
    return p.mul(half.reinterpretAsFloats()).mul(2f);
  }

  private static FloatVector sigmoid(FloatVector x) {
    return all(1f).div(exp(x.neg()).add(1f));
  }

  /** {@link FloatMath#tanh}, lane by lane. */
  private static FloatVector tanh(FloatVector x) {
    FloatVector magnitude = x.lanewise(ABS);
    FloatVector z = x.mul(x);
    FloatVector p = all(FloatMath.TANH_5).fma(z, all(FloatMath.TANH_4));
    p = p.fma(z, all(FloatMath.TANH_3));
    p = p.fma(z, all(FloatMath.TANH_2));
    p = p.fma(z, all(FloatMath.TANH_1));
    FloatVector small = p.mul(z).fma(x, x);
    FloatVector positive = all(1f).sub(all(2f).div(exp(magnitude.add(magnitude)).add(1f)));
    IntVector sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    FloatVector large =
        positive.reinterpretAsInts().and(Integer.MAX_VALUE).or(sign).reinterpretAsFloats();
    return large.blend(small, magnitude.compare(LT, FloatMath.TANH_SMALL));
  }

  private static FloatVector all(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }
}
