package io.tapestream.backend.cpu;

import io.tapestream.backend.Crew;

/**
 * Products of matrices, by oneDNN where it is there and faster, else by OpenBLAS. Large ones are
 * cut into stripes that a {@link Crew} shares. Where they are cut depends on their shapes alone,
 * for a stripe may have other bits than the same rows or columns of the whole.
 */
final class MatrixProducts {
  private static final int WAITING_PLANS = 256;

  /** Below so many multiplications OpenBLAS, which needs no plan, is as fast. */
  private static final long WORTH_A_PLAN = 100_000;

  /** oneDNN's kernels are made for blocks of at least so many columns, OpenBLAS's for fewer too. */
  private static final int NARROW = 16;

  /** Multiplications that are worth handing to another thread: some 10 µs. */
  private static final long WORTH_SHARING = 500_000;

  /** A stripe with so many multiplications is cut again; each cut packs a matrix anew. */
  private static final long WORTH_CUTTING_AGAIN = 4_000_000;

  private static final int MOST_STRIPES = 8;
  private static final int SHORTEST_STRIPE = 128;
  private static final int STRIPE_UNIT = 32;

  private final boolean oneDnn;
  private final PlanPool<MatrixProduct, Plan> plans =
      new PlanPool<>(WAITING_PLANS, OneDnnProduct::planOf);

  /** A prepared product; one thread uses it at a time. */
  interface Plan extends AutoCloseable {
    /** Computes it on matrices at these addresses. */
    void run(long a, long b, long c);

    @Override
    void close();
  }

  /**
   * @param oneDnn whether oneDNN is there
   */
  MatrixProducts(boolean oneDnn) {
    this.oneDnn = oneDnn;
  }

  /** Computes a product of matrices at these addresses. */
  void run(MatrixProduct product, long a, long b, long c) {
    boolean byRows = product.m() >= product.n();
    int length = byRows ? product.m() : product.n();
    int stripe = stripe(length, product.multiplications());
    Parts.of(
        length,
        stripe,
        (from, to) -> {
          if (byRows) {
            long rows = c + 4L * from * product.ldc();
            runWhole(product.withRows(to - from), a + from * product.rowOfA(), b, rows);
          } else {
            long columns = b + from * product.columnOfB();
            runWhole(product.withColumns(to - from), a, columns, c + 4L * from);
          }
        });
  }

  /** The rows or columns of a stripe: a multiple of what kernels compute at once. */
  private static int stripe(int length, long multiplications) {
    int parts = 1;
    while (parts < MOST_STRIPES
        && length / (2 * parts) >= SHORTEST_STRIPE
        && multiplications / parts >= (parts == 1 ? 2 * WORTH_SHARING : WORTH_CUTTING_AGAIN)) {
      parts *= 2;
    }
    int even = (length + parts - 1) / parts;
    return (even + STRIPE_UNIT - 1) / STRIPE_UNIT * STRIPE_UNIT;
  }

  private void runWhole(MatrixProduct product, long a, long b, long c) {
    if (!oneDnn
        || product.multiplications() < WORTH_A_PLAN
        || product.n() < NARROW
        || product.k() < NARROW) {
      OpenBlas.sgemm(product, a, b, c);
      return;
    }
    Plan plan = plans.take(product);
    plan.run(a, b, c);
    plans.giveBack(product, plan);
  }
}
