package io.tapestream.backend.cpu;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.cblas_scopy;
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

  private OpenBlas() {}

  /** Loads the library. */
  static void load() {
    // the static initializer has done it
  }

  /** Copies n floats from one address to another. */
  static void copy(int n, long from, long to) {
    NativeAddress[] operands = NativeAddress.three();
    cblas_scopy(n, operands[0].at(from), 1, operands[1].at(to), 1);
  }

  /** Computes a product of matrices at these addresses. */
  static void sgemm(MatrixProduct product, long a, long b, long c) {
    NativeAddress[] operands = NativeAddress.three();
    cblas_sgemm(
        CblasRowMajor,
        product.transposeA() ? CblasTrans : CblasNoTrans,
        product.transposeB() ? CblasTrans : CblasNoTrans,
        product.m(),
        product.n(),
        product.k(),
        1f,
        operands[0].at(a),
        product.lda(),
        operands[1].at(b),
        product.ldb(),
        product.accumulate() ? 1f : 0f,
        operands[2].at(c),
        product.ldc());
  }
}
