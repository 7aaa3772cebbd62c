package io.tapestream.files;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * Whether something is there. {@link Files} says no where a file system can't tell, when a request
 * over the network fails for example; here that is an error, so that nothing is taken for missing
 * which is only out of reach.
 */
public final class Presence {
  private Presence() {}

  /**
   * Whether there is a file.
   *
   * @throws IOException if that can't be told
   */
  public static boolean isFile(Path path) throws IOException {
    return isLocal(path)
        ? Files.isRegularFile(path)
        : attributes(path).filter(BasicFileAttributes::isRegularFile).isPresent();
  }

  /**
   * Whether there is a directory.
   *
   * @throws IOException if that can't be told
   */
  public static boolean isDirectory(Path path) throws IOException {
    return isLocal(path)
        ? Files.isDirectory(path)
        : attributes(path).filter(BasicFileAttributes::isDirectory).isPresent();
  }

  private static boolean isLocal(Path path) {
    return path.getFileSystem() == FileSystems.getDefault();
  }

  private static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
    try {
      return Optional.of(Files.readAttributes(path, BasicFileAttributes.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
