package io.tapestream.backend.cpu;

/** Products by OpenBLAS, each by itself, with nothing prepared. */
final class UnpackedProduct implements PartedProduct {
  private final Key key;
  private long upper;
  private long lower;

  UnpackedProduct(Key key) {
    this.key = key;
  }

  @Override
  public void take(long upperHalf, long lowerHalf) {
    upper = upperHalf;
    lower = lowerHalf;
  }

  @Override
  public void run(int part, long a, long bias, long c) {
    int rows = key.rowsOf(part);
    if (key.bias()) {
      for (int row = 0; row < rows; row++) {
        OpenBlas.copy(key.n(), bias, c + 4L * row * key.n());
      }
    }
    multiply(rows, key.upper(), a, upper, c, key.bias() || key.accumulate());
    if (key.lower() > 0) {
      multiply(rows, key.lower(), a + 4L * key.upper(), lower, c, true);
    }
  }

  private void multiply(int rows, int k, long a, long b, long c, boolean accumulate) {
    int ldb = key.transposed() ? k : key.n();
    OpenBlas.sgemm(
        new MatrixProduct(
            false, key.transposed(), rows, key.n(), k, key.k(), ldb, key.n(), accumulate),
        a,
        b,
        c);
  }

  @Override
  public void close() {}
}
