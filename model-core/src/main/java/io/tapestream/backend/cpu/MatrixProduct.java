package io.tapestream.backend.cpu;

/**
 * A product of matrices {@code c = op(a) · op(b)} as BLAS has it; they lie row by row.
 *
 * @param transposeA whether op(a) is the transpose of what lies at a
 * @param transposeB so too for b
 * @param m rows of op(a) and c
 * @param n columns of op(b) and c
 * @param k columns of op(a) and rows of op(b)
 * @param lda elements from one row of a, as it lies there, to the next
 * @param ldb so too for b
 * @param ldc so too for c
 * @param accumulate whether it is added to c
 */
record MatrixProduct(
    boolean transposeA,
    boolean transposeB,
    int m,
    int n,
    int k,
    int lda,
    int ldb,
    int ldc,
    boolean accumulate) {

  /** Of matrices without gaps between their rows. */
  static MatrixProduct of(
      boolean transposeA, boolean transposeB, int m, int n, int k, boolean accumulate) {
    int lda = transposeA ? m : k;
    int ldb = transposeB ? k : n;
    return new MatrixProduct(transposeA, transposeB, m, n, k, lda, ldb, n, accumulate);
  }

  /** The same for so many rows of op(a) and c alone. */
  MatrixProduct withRows(int rows) {
    return new MatrixProduct(transposeA, transposeB, rows, n, k, lda, ldb, ldc, accumulate);
  }

  /** The same for so many columns of op(b) and c alone. */
  MatrixProduct withColumns(int columns) {
    return new MatrixProduct(transposeA, transposeB, m, columns, k, lda, ldb, ldc, accumulate);
  }

  /** Multiplications of two numbers. */
  long multiplications() {
    return (long) m * n * k;
  }

  /** Bytes in a from one row of op(a) to the next. */
  long rowOfA() {
    return 4L * (transposeA ? 1 : lda);
  }

  /** Bytes in b from one column of op(b) to the next. */
  long columnOfB() {
    return 4L * (transposeB ? ldb : 1);
  }
}
