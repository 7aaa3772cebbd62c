package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.LstmMemory;
import io.tapestream.tensor.Tensor;

/** The way back of {@link Lstm} through the steps; for its tensors see {@code Backend}. */
final class LstmBackward {
  private final Kernels kernels;
  private final PartedProduct product;
  private final Tensor c0;
  private final Activation recurrent;
  private final Activation activation;
  private final LstmMemory memory;
  private final Tensor dy;
  private final Tensor dz;

  /** That of h in the step at hand, in the end of h0. */
  private final Tensor dh;

  private final Tensor dc0;
  private final int n;
  private final int u;

  LstmBackward(
      Kernels kernels,
      PartedProduct product,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor dy,
      Tensor dz,
      Tensor dh,
      Tensor dc0) {
    this.kernels = kernels;
    this.product = product;
    this.c0 = c0;
    this.recurrent = recurrent;
    this.activation = activation;
    this.memory = memory;
    this.dy = dy;
    this.dz = dz;
    this.dh = dh;
    this.dc0 = dc0;
    this.n = memory.n();
    this.u = memory.units();
  }

  /**
   * All steps of a part, whose rows are {@code from … to-1}.
   *
   * @return the sums of its dz, 4u
   */
  double[] run(int part, int from, int to) {
    int width = 4 * u;
    int bytes = 4 * (to - from) * u;
    float[] piece = new float[width];
    double[] sums = new double[width];
    int dhAt = at(dh, from * u);
    dc0.buffer()
        .put(at(dc0, from * u), dy.buffer(), at(dy, (memory.steps() * n + from) * u), bytes);
    for (int step = memory.steps() - 1; step >= 0; step--) {
      int first = step * n + from;
      dh.buffer().put(dhAt, dy.buffer(), at(dy, first * u), bytes);
      if (step + 1 < memory.steps()) {
        addEarlier(part, first + n, from);
      }
      for (int row = from; row < to; row++) {
        cell(step, row);
      }
      kernels.addColumns(dz.buffer(), at(dz, first * width), to - from, width, piece);
      for (int j = 0; j < width; j++) {
        sums[j] += piece[j];
        piece[j] = 0;
      }
    }
    for (int i = 0; i < bytes; i += 4) {
      dh.buffer().putFloat(dhAt + i, 0);
    }
    addEarlier(part, from, from);
    return sums;
  }

  /** Adds, to the part's rows of dh, what dz of a later step, from a row on, gives it. */
  private void addEarlier(int part, int first, int from) {
    product.run(part, dz.address() + 16L * first * u, 0, dh.address() + 4L * from * u);
  }

  private void cell(int step, int row) {
    int first = (step * n + row) * u;
    Tensor before = step == 0 ? c0 : memory.cells();
    kernels.lstmGradient(
        recurrent,
        activation,
        memory.gates().buffer(),
        at(memory.gates(), 4 * first),
        before.buffer(),
        at(before, step == 0 ? row * u : first - n * u),
        memory.activated().buffer(),
        at(memory.activated(), first),
        dh.buffer(),
        at(dh, row * u),
        dc0.buffer(),
        at(dc0, row * u),
        dz.buffer(),
        at(dz, 4 * first),
        0,
        u);
  }

  /** Where an element begins in its tensor's buffer. */
  private static int at(Tensor tensor, int element) {
    return tensor.byteOffset() + 4 * element;
  }
}
