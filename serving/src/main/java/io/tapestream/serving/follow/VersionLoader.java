package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Turns the files of a version, which have passed the manifest's check, into models in memory. */
@FunctionalInterface
interface VersionLoader {

  /**
   * Builds equal copies of the model.
   *
   * @param copies how many
   * @throws IOException if a file can't be read or doesn't hold what the model needs, naming the
   *     file
   */
  List<Replica> load(Manifest manifest, Path directory, int copies) throws IOException;
}
