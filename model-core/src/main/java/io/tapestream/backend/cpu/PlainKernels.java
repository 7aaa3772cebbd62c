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
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < k; j++) {
        sums[j] += x.getFloat(xAt + 4 * (row * k + j));
      }
    }
  }

  static void put(ByteBuffer out, int at, float value, boolean accumulate) {
    out.putFloat(at, accumulate ? out.getFloat(at) + value : value);
  }
}
