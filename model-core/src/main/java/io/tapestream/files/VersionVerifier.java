package io.tapestream.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Decides whether a version may be used. In this order: nothing in its directory leads out of it,
 * its manifest is signed by one of the keys (if there are any), it is whole and this model's, and
 * every file has the size and the SHA-256 that it says.
 *
 * <p>That holds for the files as they were when they were read. Who may write to the directory can
 * replace one afterwards; so {@code model.json}, which names the classes that are made, is read by
 * {@link Manifest#read(Path, String)}, which checks the very bytes it gives. Weights are read a
 * second time without being hashed again: others in their place are numbers of the same names and
 * shapes, or are refused. Where that matters, let nobody but the publisher write to the directory.
 */
public final class VersionVerifier {

  /** Asks for no signature. */
  public static final VersionVerifier UNSIGNED = new VersionVerifier(List.of());

  private final List<VersionKey> keys;

  private VersionVerifier(List<VersionKey> keys) {
    this.keys = List.copyOf(keys);
  }

  /**
   * Asks for a signature by one of these keys; several may be given while one replaces another.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static VersionVerifier signedBy(List<VersionKey> keys) {
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("give at least one key that versions are signed by");
    }
    return new VersionVerifier(keys);
  }

  /**
   * Checks a version of a model.
   *
   * @return its manifest
   * @throws InvalidVersionException saying why it must not be used
   */
  public Manifest verify(VersionDirectory versions, long version) throws IOException {
    Manifest manifest = manifest(versions, version);
    manifest.verify(versions.path(version));
    return manifest;
  }

  /**
   * Checks a version of a model as far as its manifest goes, before its other files are read.
   *
   * @return its manifest
   * @throws InvalidVersionException saying why it must not be used
   */
  public Manifest manifest(VersionDirectory versions, long version) throws IOException {
    Path directory = versions.path(version);
    checkLinks(versions.root(), directory);
    Manifest manifest = manifest(directory);
    versions.checkIs(version, manifest);
    return manifest;
  }

  /**
   * Checks the version in {@code directory}, of whichever model and number.
   *
   * @return its manifest
   * @throws InvalidVersionException saying why it must not be used
   */
  public Manifest verify(Path directory) throws IOException {
    Manifest manifest = manifest(directory);
    manifest.verify(directory);
    return manifest;
  }

  private Manifest manifest(Path directory) throws IOException {
    if (Presence.isDirectory(directory)) {
      try (var entries = Files.newDirectoryStream(directory)) {
        for (Path entry : entries) {
          checkLinks(directory, entry);
        }
      }
    }
    byte[] bytes = Manifest.bytes(directory);
    checkSignature(directory, bytes);
    return Manifest.read(bytes, directory.resolve(Manifest.FILE).toString());
  }

  private void checkSignature(Path directory, byte[] manifest) throws IOException {
    if (keys.isEmpty()) {
      return;
    }
    Optional<VersionSignature> signature = VersionSignature.read(directory);
    if (signature.isEmpty()) {
      throw new InvalidVersionException(
          directory + " is not signed: it has no " + VersionSignature.FILE);
    }
    if (keys.stream().noneMatch(key -> signature.get().isOf(manifest, key))) {
      throw new InvalidVersionException(
          "%s in %s is no signature of its manifest by one of %s; it says it is by %s"
              .formatted(
                  VersionSignature.FILE,
                  directory,
                  keys.stream().map(VersionKey::fingerprint).toList(),
                  signature.get().key()));
    }
  }

  /** Refuses an entry of a directory that is a link to what lies outside. */
  private static void checkLinks(Path directory, Path entry) throws IOException {
    if (!Files.isSymbolicLink(entry)) {
      return;
    }
    Path target;
    try {
      target = entry.toRealPath();
    } catch (NoSuchFileException e) {
      throw new InvalidVersionException(entry + " is a link to nothing", e);
    }
    if (!target.startsWith(directory.toRealPath())) {
      throw new InvalidVersionException(entry + " is a link that leads out of " + directory);
    }
  }
}
