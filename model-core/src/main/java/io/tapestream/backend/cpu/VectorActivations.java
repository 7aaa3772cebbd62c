package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.FLOATS;
import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static java.lang.invoke.MethodType.methodType;
import static jdk.incubator.vector.VectorOperators.GT;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Unary;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/**
 * Activations fused with what stands before them, on {@code n} elements, a multiple of the lanes; a
 * loop for each, as in {@link VectorElements}.
 */
@SuppressWarnings("UnusedMethod") // a table finds its loops by their names
final class VectorActivations {
  private static final LoopTable<Activation> BIASED =
      new LoopTable<>(
          MethodHandles.lookup(),
          Activation.class,
          activation -> true,
          methodType(
              void.class,
              ByteBuffer.class,
              int.class,
              float[].class,
              int.class,
              ByteBuffer.class,
              int.class,
              int.class));

  private VectorActivations() {}

  /**
   * {@code y = activation(z + bias)}. Columns of a row are vectors; a bias shorter than that is
   * repeated, so that a vector spans several rows.
   *
   * @param bias repeated, so that a vector can be read at any of its first k elements
   */
  static void biased(
      Activation activation,
      ByteBuffer z,
      int zAt,
      float[] bias,
      int k,
      ByteBuffer y,
      int yAt,
      int n) {
    try {
      BIASED.loop(activation).invokeExact(z, zAt, bias, k, y, yAt, n);
    } catch (Throwable e) {
      throw LoopTable.unchecked(e);
    }
  }

  private static void linear(
      ByteBuffer z, int zAt, float[] bias, int k, ByteBuffer y, int yAt, int n) {
    int advance = LANES % k;
    int column = 0;
    for (int i = 0; i < n; i += LANES, column = next(column, advance, k)) {
      store(sum(z, zAt + 4 * i, bias, column), y, yAt + 4 * i);
    }
  }

  private static void relu(
      ByteBuffer z, int zAt, float[] bias, int k, ByteBuffer y, int yAt, int n) {
    int advance = LANES % k;
    int column = 0;
    for (int i = 0; i < n; i += LANES, column = next(column, advance, k)) {
      store(sum(z, zAt + 4 * i, bias, column).max(0f), y, yAt + 4 * i);
    }
  }

  private static void sigmoid(
      ByteBuffer z, int zAt, float[] bias, int k, ByteBuffer y, int yAt, int n) {
    biased(Activation.LINEAR, z, zAt, bias, k, y, yAt, n);
    VectorElements.unary(Unary.SIGMOID, y, yAt, y, yAt, n);
  }

  private static void tanh(
      ByteBuffer z, int zAt, float[] bias, int k, ByteBuffer y, int yAt, int n) {
    biased(Activation.LINEAR, z, zAt, bias, k, y, yAt, n);
    VectorElements.unary(Unary.TANH, y, yAt, y, yAt, n);
  }

  private static FloatVector sum(ByteBuffer z, int at, float[] bias, int column) {
    return load(z, at).add(FloatVector.fromArray(FLOATS, bias, column));
  }

  private static int next(int column, int advance, int k) {
    int moved = column + advance;
    return moved < k ? moved : moved - k;
  }

  /** As {@link Kernels#activationGradient}. */
  static void gradient(
      Activation activation,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dz,
      int dzAt,
      int n) {
    switch (activation) {
      case LINEAR -> VectorElements.scale(1f, dy, dyAt, dz, dzAt, n, false);
      case RELU -> reluGradient(y, yAt, dy, dyAt, dz, dzAt, n);
      case SIGMOID -> sigmoidGradient(y, yAt, dy, dyAt, dz, dzAt, n);
      case TANH -> tanhGradient(y, yAt, dy, dyAt, dz, dzAt, n);
    }
  }

  private static void reluGradient(
      ByteBuffer y, int yAt, ByteBuffer dy, int dyAt, ByteBuffer dz, int dzAt, int n) {
    FloatVector zero = FloatVector.zero(FLOATS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector gradient = load(dy, dyAt + 4 * i);
      store(zero.blend(gradient, load(y, yAt + 4 * i).compare(GT, 0f)), dz, dzAt + 4 * i);
    }
  }

  private static void sigmoidGradient(
      ByteBuffer y, int yAt, ByteBuffer dy, int dyAt, ByteBuffer dz, int dzAt, int n) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int i = 0; i < n; i += LANES) {
      FloatVector output = load(y, yAt + 4 * i);
      FloatVector slope = output.mul(one.sub(output));
      store(load(dy, dyAt + 4 * i).mul(slope), dz, dzAt + 4 * i);
    }
  }

  private static void tanhGradient(
      ByteBuffer y, int yAt, ByteBuffer dy, int dyAt, ByteBuffer dz, int dzAt, int n) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int i = 0; i < n; i += LANES) {
      FloatVector output = load(y, yAt + 4 * i);
      FloatVector slope = one.sub(output.mul(output));
      store(load(dy, dyAt + 4 * i).mul(slope), dz, dzAt + 4 * i);
    }
  }
}
