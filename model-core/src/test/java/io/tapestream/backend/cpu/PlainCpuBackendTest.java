package io.tapestream.backend.cpu;

import io.tapestream.backend.Backend;
import io.tapestream.backend.BackendContract;

/** The backend in a JVM without the Vector API's module, on a machine without oneDNN. */
class PlainCpuBackendTest extends BackendContract {
  private static final Backend BACKEND = make();

  private static Backend make() {
    OpenBlas.load();
    Kernels kernels = new PlainKernels();
    return new CpuBackend(kernels, false);
  }

  @Override
  protected Backend backend() {
    return BACKEND;
  }
}
