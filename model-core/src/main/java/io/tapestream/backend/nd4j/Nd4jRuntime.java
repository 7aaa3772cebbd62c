package io.tapestream.backend.nd4j;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Starts ND4J in this process, with each native call on its caller's thread: its own workers,
 * OpenMP's and OpenBLAS's are limited each by a setting of its own, since each would split a sum in
 * its own way.
 */
final class Nd4jRuntime {
  private Nd4jRuntime() {}

  static void start() {
    Nd4j.getEnvironment().setMaxMasterThreads(1);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    Nd4j.factory().blas().setMaxThreads(1);
  }
}
