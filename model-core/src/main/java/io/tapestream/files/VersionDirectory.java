package io.tapestream.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * The published versions of one model, one directory each:
 *
 * <pre>
 * DIR/NAME/00000001/manifest.json          written last: a version without it does not exist (I4)
 *                   model.json             the architecture
 *                   weights.safetensors    the named tensors
 *          00000002/…
 *          .pending/                       what the publisher is still working on
 * </pre>
 *
 * <p>An instance holds two paths and reads the directory anew at every call.
 */
public final class VersionDirectory {
  private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");
  private static final Pattern VERSION = Pattern.compile("[0-9]{8,18}");

  private final String model;
  private final Path root;

  /**
   * The versions of {@code model} under {@code directory}; neither needs to exist yet.
   *
   * @throws IllegalArgumentException if the name can't be a directory's and a URL's part
   */
  public VersionDirectory(Path directory, String model) {
    if (!MODEL_NAME.matcher(model).matches()) {
      throw new IllegalArgumentException(
          "the model's name \""
              + model
              + "\" must be made of letters, digits, '_', '-' and '.', and not start with '-' or '.'");
    }
    this.model = model;
    this.root = directory.resolve(model);
  }

  /** Name of the model. */
  public String model() {
    return model;
  }

  /** {@code DIR/NAME}. */
  public Path root() {
    return root;
  }

  /** Directory of the given version, whether it exists or not. */
  public Path path(long version) {
    return root.resolve(String.format("%08d", version));
  }

  /** Where the publisher works on what is not yet a version. */
  public Path pending() {
    return root.resolve(".pending");
  }

  /** Numbers of all complete versions, the oldest first. */
  public List<Long> complete() throws IOException {
    List<Long> versions = new ArrayList<>();
    for (long version : numbered()) {
      if (Presence.isFile(path(version).resolve(Manifest.FILE))) {
        versions.add(version);
      }
    }
    return versions;
  }

  /** Number of the newest complete version. */
  public OptionalLong newest() throws IOException {
    List<Long> versions = complete();
    return versions.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(versions.get(versions.size() - 1));
  }

  /** The number after every one that is taken, be its version complete or not. */
  public long next() throws IOException {
    List<Long> versions = numbered();
    return versions.isEmpty() ? 1 : versions.get(versions.size() - 1) + 1;
  }

  /**
   * Numbers of all directories that are named like a version, complete or not, the oldest first.
   */
  public List<Long> numbered() throws IOException {
    List<Long> versions = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(root)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (VERSION.matcher(name).matches() && Presence.isDirectory(entry)) {
          versions.add(Long.parseLong(name));
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return versions; // nothing has been published yet
    }
    Collections.sort(versions);
    return versions;
  }

  /**
   * Reads the manifest of a version and checks that it is this model's and this number's.
   *
   * @throws InvalidVersionException if it is missing, unreadable, or another's
   */
  public Manifest manifest(long version) throws IOException {
    Manifest manifest = Manifest.read(path(version));
    checkIs(version, manifest);
    return manifest;
  }

  /** Refuses the manifest of another model or version. */
  void checkIs(long version, Manifest manifest) throws InvalidVersionException {
    if (!manifest.model().equals(model) || manifest.version() != version) {
      throw new InvalidVersionException(
          path(version)
              + " holds the manifest of "
              + manifest.model()
              + " version "
              + manifest.version());
    }
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
