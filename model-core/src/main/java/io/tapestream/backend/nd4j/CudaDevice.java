package io.tapestream.backend.nd4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The card that ND4J's CUDA artefact computes on. Whether there is one is asked of the operating
 * system, before a native library is loaded that would fail without it in an unclear way.
 */
final class CudaDevice {
  private static final String ARTEFACT = "org/nd4j/linalg/jcublas/JCublasBackend.class";

  /** Whether the ND4J on the class path is the one for cards. */
  static boolean isAskedFor() {
    return CudaDevice.class.getClassLoader().getResource(ARTEFACT) != null;
  }

  /** Why ND4J can't compute here for want of a card; empty if it can, or needs none. */
  static Optional<String> missing() {
    return isAskedFor() ? missingIn(Path.of("/dev")) : Optional.empty();
  }

  /**
   * Why there is no card.
   *
   * @param devices the directory in which the driver makes a file for each
   */
  static Optional<String> missingIn(Path devices) {
    try (Stream<Path> files = Files.list(devices)) {
      if (files.anyMatch(file -> file.getFileName().toString().matches("nvidia\\d+|dxg"))) {
        return Optional.empty();
      }
    } catch (IOException e) {
      return Optional.of(
          "ND4J's CUDA artefact is on the class path, but %s can't be read to look for an NVIDIA card: %s"
              .formatted(devices, e));
    }
    return Optional.of(
        "ND4J's CUDA artefact is on the class path, but there is no NVIDIA card: no nvidia0 in %s. Install its driver, or build without -Pcuda"
            .formatted(devices));
  }

  private CudaDevice() {}
}
