package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.LstmMemory;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Long short-term memories over sequences. Rows know nothing of each other, so each part of them
 * goes through all steps by itself, and no two threads wait for each other on the way.
 */
final class Lstm {
  /** Few, since each holds a copy of its kernel. */
  private static final int WAITING_PRODUCTS = 12;

  /** Rows that a product's kernels are at full speed with. */
  private static final int ROWS_OF_A_PART = 32;

  private static final int MOST_PARTS = 8;

  /** Steps from which on it is worth laying out the kernel for them. */
  private static final int WORTH_PACKING = 4;

  /** Products below so many multiplications, or as narrow, are OpenBLAS's. */
  private static final long SMALL = 50_000;

  private static final int NARROW = 16;

  private final Kernels kernels;
  private final PlanPool<PartedProduct.Key, PartedProduct> packed =
      new PlanPool<>(WAITING_PRODUCTS, PackedProduct::of);
  private final boolean oneDnn;

  /**
   * @param oneDnn whether oneDNN is there
   */
  Lstm(Kernels kernels, boolean oneDnn) {
    this.kernels = kernels;
    this.oneDnn = oneDnn;
  }

  /** As {@link io.tapestream.backend.Backend#lstm}. */
  void forward(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor y) {
    int n = memory.n();
    int atOnce = rowsOfAPart(n);
    PartedProduct.Key key =
        new PartedProduct.Key(
            n, atOnce, 4 * memory.units(), w.dim(0), u.dim(0), false, bias != null, false);
    PartedProduct product = take(key, memory.steps());
    try {
      product.take(w.address(), u.address());
      LstmForward pass =
          new LstmForward(kernels, product, x, bias, h0, c0, recurrent, activation, memory, y);
      Parts.of(n, atOnce, (from, to) -> pass.run(from / atOnce, from, to));
    } finally {
      giveBack(key, memory.steps(), product);
    }
  }

  /** As {@link io.tapestream.backend.Backend#lstmGradient}. */
  void backward(
      Tensor u,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor dy,
      Tensor dz,
      @Nullable Tensor dbias,
      Tensor dh0,
      Tensor dc0) {
    int n = memory.n();
    int atOnce = rowsOfAPart(n);
    PartedProduct.Key key =
        new PartedProduct.Key(n, atOnce, memory.units(), 4 * memory.units(), 0, true, false, true);
    PartedProduct product = take(key, memory.steps());
    double[][] sums = new double[key.parts()][];
    try {
      product.take(u.address(), 0);
      LstmBackward pass =
          new LstmBackward(kernels, product, c0, recurrent, activation, memory, dy, dz, dh0, dc0);
      Parts.of(n, atOnce, (from, to) -> sums[from / atOnce] = pass.run(from / atOnce, from, to));
    } finally {
      giveBack(key, memory.steps(), product);
    }
    if (dbias != null) {
      for (int j = 0; j < dbias.size(); j++) {
        double sum = 0;
        for (double[] part : sums) {
          sum += part[j];
        }
        dbias.buffer().putFloat(dbias.byteOffset() + 4 * j, (float) sum);
      }
    }
  }

  private static int rowsOfAPart(int n) {
    int parts = Math.min(MOST_PARTS, (n + ROWS_OF_A_PART - 1) / ROWS_OF_A_PART);
    return n == 0 ? 1 : (n + parts - 1) / parts;
  }

  /** Whether it is worth a plan; where oneDNN has no kernel for it, that plan packs nothing. */
  private boolean isPacked(PartedProduct.Key key, int steps) {
    long multiplications = (long) key.rowsOfAPart() * key.n() * key.k();
    return oneDnn
        && steps >= WORTH_PACKING
        && multiplications >= SMALL
        && key.n() >= NARROW
        && key.k() >= NARROW;
  }

  private PartedProduct take(PartedProduct.Key key, int steps) {
    return isPacked(key, steps) ? packed.take(key) : new UnpackedProduct(key);
  }

  private void giveBack(PartedProduct.Key key, int steps, PartedProduct product) {
    if (isPacked(key, steps)) {
      packed.giveBack(key, product);
    }
  }
}
