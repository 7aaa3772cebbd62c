package io.tapestream.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The weights of a version: one file of tensors, or several with an index where they are large.
 *
 * <pre>
 * weights.safetensors     or     weights-00001-of-00003.safetensors …  weights.safetensors.index.json
 * </pre>
 */
public final class VersionWeights {
  /** Name of the one file. */
  public static final String FILE = Manifest.WEIGHTS;

  /** Name of the index of several files. */
  public static final String INDEX = FILE + ".index.json";

  /** What the names of several files begin with. */
  public static final String STEM = "weights";

  private VersionWeights() {}

  /** Name of the file that has all tensors, or says where they are. */
  public static String file(Manifest manifest) {
    return listed(manifest).contains(INDEX) ? INDEX : FILE;
  }

  private static Set<String> listed(Manifest manifest) {
    return manifest.files().stream().map(FileEntry::name).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Reads the tensors of a version, whose files have passed the manifest's check.
   *
   * @throws InvalidVersionException if the manifest lists no weights, or both forms, or the index
   *     names a file that the manifest does not list, or other tensors than the files hold
   * @throws IOException if a file can't be read, or is no safetensors file, saying why
   */
  public static SafeTensors.Contents read(Path directory, Manifest manifest) throws IOException {
    Set<String> listed = listed(manifest);
    if (listed.contains(FILE) == listed.contains(INDEX)) {
      throw new InvalidVersionException(
          "%s must list either %s or %s; it lists %s"
              .formatted(directory.resolve(Manifest.FILE), FILE, INDEX, listed));
    }
    if (listed.contains(FILE)) {
      return SafeTensors.read(directory.resolve(FILE));
    }
    SafeTensorsIndex index = SafeTensorsIndex.read(directory.resolve(INDEX));
    for (String file : index.fileNames()) {
      if (!listed.contains(file)) {
        throw new InvalidVersionException(
            directory.resolve(INDEX) + " names " + file + ", which the manifest does not list");
      }
    }
    return index.contents(directory);
  }
}
