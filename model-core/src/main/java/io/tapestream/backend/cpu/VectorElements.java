package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.FLOATS;
import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static java.lang.invoke.MethodType.methodType;
import static jdk.incubator.vector.VectorOperators.ABS;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.SQRT;

import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Functions of elements, {@code n} of them, a multiple of the lanes.
 *
 * <p>HotSpot keeps vectors in registers only as long as all that a loop calls becomes a part of the
 * loop, and it stops that once the method that it compiles has grown to the size of about twenty
 * vector operations. So each function has a loop of its own, and is called by a {@link LoopTable},
 * which keeps the compiler from making it a part of its callers.
 */
@SuppressWarnings("UnusedMethod") // a table finds its loops by their names
final class VectorElements {
  private static final int TANH_PIECE = 512;

  /** The passes of tanh. */
  private enum Pass {
    EXPONENTIALS,
    QUOTIENTS
  }

  private static final Pass[] PASSES = Pass.values();
  private static final LoopTable<Pass> TANH =
      new LoopTable<>(
          MethodHandles.lookup(),
          Pass.class,
          pass -> true,
          methodType(
              void.class,
              ByteBuffer.class,
              int.class,
              float[].class,
              ByteBuffer.class,
              int.class,
              int.class));

  private static final LoopTable<Unary> UNARY =
      new LoopTable<>(
          MethodHandles.lookup(),
          Unary.class,
          VectorElements::hasVectors,
          methodType(
              void.class, ByteBuffer.class, int.class, ByteBuffer.class, int.class, int.class));
  private static final LoopTable<Binary> BINARY =
      new LoopTable<>(
          MethodHandles.lookup(),
          Binary.class,
          op -> op != Binary.EQUAL,
          methodType(
              void.class,
              ByteBuffer.class,
              int.class,
              int.class,
              ByteBuffer.class,
              int.class,
              int.class,
              ByteBuffer.class,
              int.class,
              int.class,
              boolean.class));

  private VectorElements() {}

  private static void add(
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
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = operand(a, aAt, i, aStep).add(operand(b, bAt, i, bStep));
      store(value, out, outAt + 4 * i, accumulate);
    }
  }

  private static void subtract(
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
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = operand(a, aAt, i, aStep).sub(operand(b, bAt, i, bStep));
      store(value, out, outAt + 4 * i, accumulate);
    }
  }

  private static void multiply(
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
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = operand(a, aAt, i, aStep).mul(operand(b, bAt, i, bStep));
      store(value, out, outAt + 4 * i, accumulate);
    }
  }

  private static void divide(
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
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = operand(a, aAt, i, aStep).div(operand(b, bAt, i, bStep));
      store(value, out, outAt + 4 * i, accumulate);
    }
  }

  /** The next elements, or the one that is repeated. */
  private static FloatVector operand(ByteBuffer buffer, int at, int i, int step) {
    return step == 0
        ? FloatVector.broadcast(FLOATS, buffer.getFloat(at))
        : load(buffer, at + 4 * i);
  }

  /** As {@link Kernels#binary}, with steps of 0 and 1; EQUAL is not among them. */
  static void binary(
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
    try {
      BINARY.loop(op).invokeExact(a, aAt, aStep, b, bAt, bStep, out, outAt, n, accumulate);
    } catch (Throwable e) {
      throw LoopTable.unchecked(e);
    }
  }

  static boolean hasVectors(Unary op) {
    return switch (op) {
      case EXP, SQRT, SQUARE, NEGATIVE, ABS, RELU, SIGMOID, TANH -> true;
      case LOG, ELU, GELU, GELU_TANH -> false;
    };
  }

  /** As {@link Kernels#unary}, of one that {@linkplain #hasVectors has vectors}. */
  static void unary(Unary op, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    try {
      UNARY.loop(op).invokeExact(x, xAt, y, yAt, n);
    } catch (Throwable e) {
      throw LoopTable.unchecked(e);
    }
  }

  private static void exp(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(VectorMath.exp(load(x, xAt + 4 * i)), y, yAt + 4 * i);
    }
  }

  private static void sqrt(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(load(x, xAt + 4 * i).lanewise(SQRT), y, yAt + 4 * i);
    }
  }

  private static void square(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = load(x, xAt + 4 * i);
      store(value.mul(value), y, yAt + 4 * i);
    }
  }

  private static void negative(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(load(x, xAt + 4 * i).neg(), y, yAt + 4 * i);
    }
  }

  private static void abs(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(load(x, xAt + 4 * i).lanewise(ABS), y, yAt + 4 * i);
    }
  }

  private static void relu(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(load(x, xAt + 4 * i).max(0f), y, yAt + 4 * i);
    }
  }

  private static void sigmoid(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(VectorMath.sigmoid(load(x, xAt + 4 * i)), y, yAt + 4 * i);
    }
  }

  /** In two passes, since both together are too long for one loop. */
  private static void tanh(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    float[] exponentials = new float[Math.min(n, TANH_PIECE)];
    for (int from = 0; from < n; from += TANH_PIECE) {
      int count = Math.min(TANH_PIECE, n - from);
      try {
        for (Pass pass : PASSES) {
          TANH.loop(pass).invokeExact(x, xAt + 4 * from, exponentials, y, yAt + 4 * from, count);
        }
      } catch (Throwable e) {
        throw LoopTable.unchecked(e);
      }
    }
  }

  @SuppressWarnings("UnusedVariable") // both passes have the same parameters
  private static void exponentials(
      ByteBuffer x, int xAt, float[] exponentials, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.expOfTwice(load(x, xAt + 4 * i)).intoArray(exponentials, i);
    }
  }

  private static void quotients(
      ByteBuffer x, int xAt, float[] exponentials, ByteBuffer y, int yAt, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector e = FloatVector.fromArray(FLOATS, exponentials, i);
      store(VectorMath.tanh(load(x, xAt + 4 * i), e), y, yAt + 4 * i);
    }
  }

  /** As {@link Kernels#scale}. */
  static void scale(
      float factor, ByteBuffer x, int xAt, ByteBuffer out, int outAt, int n, boolean accumulate) {
    for (int i = 0; i < n; i += LANES) {
      store(load(x, xAt + 4 * i).mul(factor), out, outAt + 4 * i, accumulate);
    }
  }

  /** As {@link Kernels#rectify}. */
  static void rectify(
      float slope,
      float threshold,
      float ceiling,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      int n) {
    FloatVector most = FloatVector.broadcast(FLOATS, ceiling);
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = load(x, xAt + 4 * i);
      FloatVector below = value.sub(threshold).mul(slope);
      FloatVector risen = value.blend(below, value.compare(LT, threshold));
      store(risen.blend(most, value.compare(GE, ceiling)), y, yAt + 4 * i);
    }
  }

  /** As {@link Kernels#rectifyGradient}. */
  static void rectifyGradient(
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
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector flat = FloatVector.broadcast(FLOATS, slope);
    for (int i = 0; i < n; i += LANES) {
      FloatVector value = load(x, xAt + 4 * i);
      VectorMask<Float> above = value.compare(GT, threshold);
      FloatVector factor = flat.blend(one, above).blend(zero, value.compare(GE, ceiling));
      store(load(dy, dyAt + 4 * i).mul(factor), dx, dxAt + 4 * i, accumulate);
    }
  }
}
