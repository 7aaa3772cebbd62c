package io.tapestream.jobs.cli;

import io.tapestream.files.VersionKey;
import io.tapestream.files.VersionVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --verify-key}: whose versions are taken. */
final class VerifyKeys {
  @Option(
      names = "--verify-key",
      paramLabel = "FILE",
      description =
          "An Ed25519 public key (X.509, PEM): versions that are not signed by it, or by another that is given, are"
              + " refused. May be repeated.")
  private List<Path> files = new ArrayList<>();

  boolean isGiven() {
    return !files.isEmpty();
  }

  /** Asks for a signature by one of the keys, or for none if there are none. */
  VersionVerifier verifier() throws IOException {
    if (files.isEmpty()) {
      return VersionVerifier.UNSIGNED;
    }
    List<VersionKey> keys = new ArrayList<>();
    for (Path file : files) {
      keys.add(VersionKey.read(file));
    }
    return VersionVerifier.signedBy(keys);
  }
}
