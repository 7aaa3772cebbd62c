package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/** Steps of recurrent layers, row by row: a row's gates lie side by side. */
final class Recurrence {
  private static final int ROWS_OF_A_PART = 16;

  private final Kernels kernels;

  Recurrence(Kernels kernels) {
    this.kernels = kernels;
  }

  void lstm(
      Tensor gates,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor c,
      Tensor h) {
    Parts.of(
        before.dim(0),
        ROWS_OF_A_PART,
        (from, to) -> lstm(gates, before, recurrent, activation, c, h, from, to));
  }

  private void lstm(
      Tensor gates,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor c,
      Tensor h,
      int from,
      int to) {
    int u = before.dim(1);
    ByteBuffer g = gates.buffer();
    for (int row = from; row < to; row++) {
      int in = gates.byteOffset() + 16 * row * u;
      int forget = in + 4 * u;
      int candidate = in + 8 * u;
      int out = in + 12 * u;
      int at = 4 * row * u;
      int cAt = c.byteOffset() + at;
      int hAt = h.byteOffset() + at;
      activate(recurrent, g, in, g, in, 2 * u);
      activate(activation, g, candidate, g, candidate, u);
      activate(recurrent, g, out, g, out, u);
      multiply(g, forget, before.buffer(), before.byteOffset() + at, c.buffer(), cAt, u, false);
      multiply(g, in, g, candidate, c.buffer(), cAt, u, true);
      activate(activation, c.buffer(), cAt, h.buffer(), hAt, u);
      multiply(g, out, h.buffer(), hAt, h.buffer(), hAt, u, false);
    }
  }

  void lstmGradient(
      Tensor gates,
      Tensor before,
      Tensor c,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dc,
      Tensor dgates) {
    Parts.of(
        before.dim(0),
        ROWS_OF_A_PART,
        (from, to) ->
            lstmGradient(gates, before, c, recurrent, activation, dh, dc, dgates, from, to));
  }

  private void lstmGradient(
      Tensor gates,
      Tensor before,
      Tensor c,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dc,
      Tensor dgates,
      int from,
      int to) {
    int u = before.dim(1);
    for (int row = from; row < to; row++) {
      int at = 4 * row * u;
      int dgatesAt = dgates.byteOffset() + 4 * at;
      activate(activation, c.buffer(), c.byteOffset() + at, dgates.buffer(), dgatesAt + 12 * u, u);
      kernels.lstmGradient(
          recurrent,
          activation,
          gates.buffer(),
          gates.byteOffset() + 4 * at,
          before.buffer(),
          before.byteOffset() + at,
          dh.buffer(),
          dh.byteOffset() + at,
          dc.buffer(),
          dc.byteOffset() + at,
          dgates.buffer(),
          dgatesAt,
          0,
          u);
    }
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
