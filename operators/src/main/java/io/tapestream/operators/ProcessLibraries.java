package io.tapestream.operators;

import io.tapestream.backend.Backends;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.FlinkUserCodeClassLoader;

/**
 * Refuses a job whose jars bring along what belongs to the process. Native libraries can't be
 * unloaded, so each submission would leave a class loader, threads and 30 MB behind.
 */
public final class ProcessLibraries {
  private ProcessLibraries() {}

  /**
   * Looks where model-core came from.
   *
   * @throws SuppressRestartsException if the job brought it
   */
  public static void check() {
    check(Backends.class);
  }

  static void check(Class<?> ofModelCore) {
    if (ofModelCore.getClassLoader() instanceof FlinkUserCodeClassLoader) {
      throw new SuppressRestartsException(
          new IllegalStateException(
              "model-core came with the job's jar, which would leave native libraries behind in the"
                  + " task manager: put it and ND4J into Flink's lib folder, leave them out of the"
                  + " jar, and set classloader.parent-first-patterns.additional to"
                  + " \"org.nd4j.;org.bytedeco.;io.tapestream.;com.fasterxml.jackson.\""));
    }
  }
}
