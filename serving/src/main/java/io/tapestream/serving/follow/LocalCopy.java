package io.tapestream.serving.follow;

import io.tapestream.files.FileEntry;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionSignature;
import io.tapestream.files.VersionVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * A version's files on the local disk while it is checked and loaded. Where versions lie elsewhere,
 * in an object store for example, they are copied into a temporary directory: read once over the
 * network, and what was checked is what is loaded. A local version is used where it is.
 */
final class LocalCopy implements AutoCloseable {
  private final VersionDirectory versions;
  private final List<Path> temporary;

  private LocalCopy(VersionDirectory versions, List<Path> temporary) {
    this.versions = versions;
    this.temporary = temporary;
  }

  /**
   * Copies a version, if it isn't local.
   *
   * @param verifier checks the manifest before anything that it lists is copied
   * @throws InvalidVersionException if the manifest must not be used
   */
  static LocalCopy of(VersionDirectory versions, long version, VersionVerifier verifier)
      throws IOException {
    if (versions.root().getFileSystem() == FileSystems.getDefault()) {
      return new LocalCopy(versions, List.of());
    }
    Manifest manifest = verifier.manifest(versions, version);
    Path root = Files.createTempDirectory("tapestream-" + versions.model() + "-");
    VersionDirectory copies = new VersionDirectory(root, versions.model());
    LocalCopy copy = new LocalCopy(copies, List.of(root));
    boolean copied = false;
    try {
      copy(manifest, versions.path(version), Files.createDirectories(copies.path(version)));
      copied = true;
      return copy;
    } finally {
      if (!copied) {
        copy.close();
      }
    }
  }

  private static void copy(Manifest manifest, Path from, Path to) throws IOException {
    for (FileEntry file : manifest.files()) {
      copy(from.resolve(file.name()), to.resolve(file.name()), file.size());
    }
    copy(from.resolve(VersionSignature.FILE), to.resolve(VersionSignature.FILE), Long.MAX_VALUE);
    copy(from.resolve(Manifest.FILE), to.resolve(Manifest.FILE), Long.MAX_VALUE);
  }

  /** Copies a file as far as a byte behind the size that it is said to have; none is no error. */
  private static void copy(Path from, Path to, long size) throws IOException {
    try (InputStream in = Files.newInputStream(from);
        OutputStream out = Files.newOutputStream(to)) {
      byte[] buffer = new byte[1 << 16];
      long left = size == Long.MAX_VALUE ? size : size + 1;
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) {
          return;
        }
        out.write(buffer, 0, read);
        left -= read;
      }
    } catch (NoSuchFileException missing) {
      Files.deleteIfExists(to); // what checks the version says so
    }
  }

  /** Where the version is now. */
  VersionDirectory versions() {
    return versions;
  }

  /** Deletes the copy. */
  @Override
  public void close() throws IOException {
    for (Path root : temporary) {
      List<Path> all;
      try (var walk = Files.walk(root)) {
        all = walk.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path each : all) {
        Files.deleteIfExists(each);
      }
    }
  }
}
