package io.tapestream.backend.cpu;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/**
 * The process's OpenBLAS, held to the calling thread: with more threads its products have other
 * bits.
 */
final class OpenBlas {
  static {
    Loader.load(openblas.class);
    openblas.blas_set_num_threads(1);
  }

  private static final ThreadLocal<NativeAddress[]> OPERANDS =
      ThreadLocal.withInitial(
          () ->
              new NativeAddress[] {new NativeAddress(), new NativeAddress(), new NativeAddress()});

  private OpenBlas() {}

  /** Loads the library. */
  static void load() {
    // the static initializer has done it
  }

  /**
   * {@code c = op(a) · op(b)}, or added to c; all row by row without gaps.
   *
   * @param m rows of op(a) and c
   * @param n columns of op(b) and c
   * @param k columns of op(a) and rows of op(b)
   */
  static void sgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      long b,
      long c,
      boolean accumulate) {
    NativeAddress[] operands = OPERANDS.get();
    cblas_sgemm(
        CblasRowMajor,
        transposeA ? CblasTrans : CblasNoTrans,
        transposeB ? CblasTrans : CblasNoTrans,
        m,
        n,
        k,
        1f,
        operands[0].at(a),
        transposeA ? m : k,
        operands[1].at(b),
        transposeB ? k : n,
        accumulate ? 1f : 0f,
        operands[2].at(c),
        n);
  }
}
