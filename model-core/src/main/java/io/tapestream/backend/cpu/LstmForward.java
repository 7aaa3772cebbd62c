package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.LstmMemory;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A pass of {@link Lstm} through the steps of a sequence; for its tensors see {@code Backend}. */
final class LstmForward {
  private final Kernels kernels;
  private final PartedProduct product;
  private final Tensor x;
  private final @Nullable Tensor bias;
  private final Tensor h0;
  private final Tensor c0;
  private final Activation recurrent;
  private final Activation activation;
  private final LstmMemory memory;
  private final Tensor y;
  private final int n;
  private final int steps;
  private final int in;
  private final int u;

  LstmForward(
      Kernels kernels,
      PartedProduct product,
      Tensor x,
      @Nullable Tensor bias,
      Tensor h0,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor y) {
    this.kernels = kernels;
    this.product = product;
    this.x = x;
    this.bias = bias;
    this.h0 = h0;
    this.c0 = c0;
    this.recurrent = recurrent;
    this.activation = activation;
    this.memory = memory;
    this.y = y;
    this.n = memory.n();
    this.steps = memory.steps();
    this.in = x.dim(2);
    this.u = memory.units();
  }

  /** All steps of a part, whose rows are {@code from … to-1}. */
  void run(int part, int from, int to) {
    Tensor inputs = memory.inputs();
    Tensor gates = memory.gates();
    for (int row = from; row < to; row++) {
      copy(h0, row * u, inputs, row * (in + u) + in, u);
    }
    for (int step = 0; step < steps; step++) {
      for (int row = from; row < to; row++) {
        copy(x, (row * steps + step) * in, inputs, (step * n + row) * (in + u), in);
      }
      long first = (long) step * n + from;
      product.run(
          part,
          inputs.address() + 4 * first * (in + u),
          bias == null ? 0 : bias.address(),
          gates.address() + 16 * first * u);
      for (int row = from; row < to; row++) {
        cell(step, row);
      }
    }
    copy(memory.cells(), ((steps - 1) * n + from) * u, y, (steps * n + from) * u, (to - from) * u);
  }

  private void cell(int step, int row) {
    int at = (step * n + row) * u;
    ByteBuffer gates = memory.gates().buffer();
    int in = memory.gates().byteOffset() + 16 * at;
    int candidate = in + 8 * u;
    int out = in + 12 * u;
    activate(recurrent, gates, in, gates, in, 2 * u);
    activate(activation, gates, candidate, gates, candidate, u);
    activate(recurrent, gates, out, gates, out, u);
    Tensor before = step == 0 ? c0 : memory.cells();
    int beforeAt = before.byteOffset() + 4 * (step == 0 ? row * u : at - n * u);
    ByteBuffer c = memory.cells().buffer();
    int cAt = memory.cells().byteOffset() + 4 * at;
    kernels.lstmState(gates, in, before.buffer(), beforeAt, c, cAt, 0, u);
    ByteBuffer activated = memory.activated().buffer();
    int activatedAt = memory.activated().byteOffset() + 4 * at;
    activate(activation, c, cAt, activated, activatedAt, u);
    kernels.binary(
        Binary.MULTIPLY,
        gates,
        out,
        1,
        activated,
        activatedAt,
        1,
        y.buffer(),
        y.byteOffset() + 4 * at,
        u,
        false);
    if (step + 1 < steps) {
      copy(y, at, memory.inputs(), ((step + 1) * n + row) * (this.in + u) + this.in, u);
    }
  }

  private void activate(
      Activation function, ByteBuffer z, int zAt, ByteBuffer a, int aAt, int count) {
    Recurrence.activate(kernels, function, z, zAt, a, aAt, count);
  }

  /** Copies so many elements. */
  private static void copy(
      Tensor source, int sourceFrom, Tensor target, int targetFrom, int count) {
    target
        .buffer()
        .put(
            target.byteOffset() + 4 * targetFrom,
            source.buffer(),
            source.byteOffset() + 4 * sourceFrom,
            4 * count);
  }
}
