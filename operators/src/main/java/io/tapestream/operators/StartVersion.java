package io.tapestream.operators;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.VersionWeights;
import io.tapestream.models.Model;
import io.tapestream.operators.storage.Storage;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * The published version whose weights a job starts from, in place of initial ones. The optimizer
 * starts anew.
 *
 * @param directory of the version, which each task manager reaches
 * @param round rounds that training counts from, 0 for training of its own
 * @param records records that training counts from
 */
public record StartVersion(String directory, long round, long records) implements Serializable {

  /**
   * Gives a model the version's weights.
   *
   * @param model built
   * @throws InvalidVersionException if a file of the version is not as its manifest says, or the
   *     version is another model's, naming the parameter that differs
   */
  public void load(Model model) throws IOException {
    Path path = Storage.path(directory);
    Manifest manifest = Manifest.read(path);
    manifest.verify(path);
    SafeTensors.Contents weights = VersionWeights.read(path, manifest);
    try {
      model.parameters().load(weights);
    } catch (IllegalArgumentException e) {
      throw new InvalidVersionException(path + " doesn't fit the model: " + e.getMessage(), e);
    }
  }
}
