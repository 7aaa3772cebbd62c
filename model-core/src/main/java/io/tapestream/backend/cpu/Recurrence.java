package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/** Steps of gated recurrent units, row by row: a row's gates lie side by side. */
final class Recurrence {
  private final Kernels kernels;

  Recurrence(Kernels kernels) {
    this.kernels = kernels;
  }

  void gru(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor h) {
    int u = before.dim(1);
    ByteBuffer g = gates.buffer();
    ByteBuffer part = recurrentPart.buffer();
    ByteBuffer out = h.buffer();
    for (int row = 0; row < before.dim(0); row++) {
      int update = gates.byteOffset() + 12 * row * u;
      int reset = update + 4 * u;
      int candidate = update + 8 * u;
      int partAt = recurrentPart.byteOffset() + 12 * row * u;
      int hAt = h.byteOffset() + 4 * row * u;
      int beforeAt = before.byteOffset() + 4 * row * u;
      combine(Binary.ADD, g, update, part, partAt, g, update, 2 * u);
      activate(recurrent, g, update, g, update, 2 * u);
      multiply(g, reset, part, partAt + 8 * u, g, candidate, u, true);
      activate(activation, g, candidate, g, candidate, u);
      combine(Binary.SUBTRACT, before.buffer(), beforeAt, g, candidate, out, hAt, u);
      multiply(g, update, out, hAt, out, hAt, u, false);
      combine(Binary.ADD, g, candidate, out, hAt, out, hAt, u);
    }
  }

  static void gruGradient(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dgates,
      Tensor drecurrentPart) {
    int u = before.dim(1);
    float[] gate = new float[3 * u];
    float[] part = new float[3 * u];
    float[] old = new float[u];
    float[] d = new float[u];
    for (int row = 0; row < before.dim(0); row++) {
      gates.read(3 * row * u, gate, 0, 3 * u);
      recurrentPart.read(3 * row * u, part, 0, 3 * u);
      before.read(row * u, old, 0, u);
      dh.read(row * u, d, 0, u);
      for (int j = 0; j < u; j++) {
        float update = gate[j];
        float reset = gate[u + j];
        float candidate = gate[2 * u + j];
        float own = d[j] * (1f - update);
        float dcandidate = FloatMath.gradient(activation, candidate, own);
        gate[j] = FloatMath.gradient(recurrent, update, d[j] * (old[j] - candidate));
        gate[u + j] = FloatMath.gradient(recurrent, reset, dcandidate * part[2 * u + j]);
        gate[2 * u + j] = dcandidate;
        part[2 * u + j] = dcandidate * reset;
        d[j] *= update;
      }
      System.arraycopy(gate, 0, part, 0, 2 * u);
      dgates.write(3 * row * u, gate, 0, 3 * u);
      drecurrentPart.write(3 * row * u, part, 0, 3 * u);
      dh.write(row * u, d, 0, u);
    }
  }

  private void activate(
      Activation activation, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    activate(kernels, activation, x, xAt, y, yAt, n);
  }

  /** Applies an activation to n elements. */
  static void activate(
      Kernels kernels, Activation activation, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
    switch (activation) {
      case LINEAR -> kernels.scale(1f, x, xAt, y, yAt, n, false);
      case RELU -> kernels.unary(Unary.RELU, x, xAt, y, yAt, n);
      case SIGMOID -> kernels.unary(Unary.SIGMOID, x, xAt, y, yAt, n);
      case TANH -> kernels.unary(Unary.TANH, x, xAt, y, yAt, n);
    }
  }

  private void multiply(
      ByteBuffer a,
      int aAt,
      ByteBuffer b,
      int bAt,
      ByteBuffer out,
      int outAt,
      int n,
      boolean accumulate) {
    kernels.binary(Binary.MULTIPLY, a, aAt, 1, b, bAt, 1, out, outAt, n, accumulate);
  }

  private void combine(
      Binary op, ByteBuffer a, int aAt, ByteBuffer b, int bAt, ByteBuffer out, int outAt, int n) {
    kernels.binary(op, a, aAt, 1, b, bAt, 1, out, outAt, n, false);
  }
}
