package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.io.IOException;
import java.nio.file.Path;

/** Turns the files of a version, which have passed the manifest's check, into a model in memory. */
@FunctionalInterface
interface VersionLoader {

  /**
   * Builds the model.
   *
   * @throws IOException if a file can't be read or doesn't hold what the model needs, naming the
   *     file
   */
  ServedModel load(Manifest manifest, Path directory) throws IOException;
}
