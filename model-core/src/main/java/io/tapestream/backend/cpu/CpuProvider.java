package io.tapestream.backend.cpu;

import io.tapestream.backend.Backend;
import io.tapestream.backend.BackendProvider;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers the cpu backend where OpenBLAS loads; oneDNN and the Vector API are used where they are
 * there.
 */
public final class CpuProvider implements BackendProvider {
  static final String NAME = "cpu";

  private static final Logger LOG = LoggerFactory.getLogger(CpuProvider.class);
  private static final String VECTOR_KERNELS = "io.tapestream.backend.cpu.VectorKernels";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return 100;
  }

  @Override
  public Backend create() {
    OpenBlas.load();
    Kernels kernels = kernels();
    boolean oneDnn = oneDnnLoads();
    LOG.info(
        "cpu backend: kernels by {}, matrix products and convolutions by {}",
        kernels.name(),
        oneDnn ? "oneDNN" : "OpenBLAS");
    return new CpuBackend(kernels, oneDnn);
  }

  /** The vector kernels if the JVM was started with their module, else the plain ones. */
  private static Kernels kernels() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      LOG.info("start the JVM with --add-modules jdk.incubator.vector for faster kernels");
      return new PlainKernels();
    }
    try {
      return Class.forName(VECTOR_KERNELS)
          .asSubclass(Kernels.class)
          .getDeclaredConstructor()
          .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the vector kernels can't be made: " + e.getMessage(), e);
    }
  }

  /**
   * Whether oneDNN can be used. Its threads are OpenMP's, whose number is read from the environment
   * before the JVM starts; with more than one, gradients would have other bits.
   */
  private static boolean oneDnnLoads() {
    if (!"1".equals(System.getenv("OMP_NUM_THREADS"))) {
      LOG.warn(
          "OMP_NUM_THREADS is not 1, so matrix products and convolutions run without oneDNN, slower; set it before the JVM starts");
      return false;
    }
    try {
      Loader.load(dnnl.class);
      return true;
    } catch (LinkageError e) {
      LOG.warn(
          "oneDNN does not load, so matrix products and convolutions run without it, slower: {}",
          e.toString());
      return false;
    }
  }
}
