package io.tapestream.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * One file of a published version.
 *
 * @param name its name in the version's directory, without any path
 * @param size bytes
 * @param sha256 SHA-256 of its bytes, in 64 lower-case hexadecimal digits
 */
public record FileEntry(String name, long size, String sha256) {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final int CHUNK = 1 << 16;

  /** Checks the three values; a name that leads out of the directory is refused. */
  public FileEntry {
    if (name == null
        || name.isEmpty()
        || name.startsWith(".")
        || name.contains("/")
        || name.contains("\\")) {
      throw new IllegalArgumentException(
          "file name \"" + name + "\" is not a plain name in the version's directory");
    }
    if (size < 0) {
      throw new IllegalArgumentException("the size of \"" + name + "\" is " + size);
    }
    if (sha256 == null || !HASH.matcher(sha256).matches()) {
      throw new IllegalArgumentException(
          "the sha256 of \""
              + name
              + "\" is \""
              + sha256
              + "\", not 64 lower-case hexadecimal digits");
    }
  }

  /** Reads {@code file} and describes it. */
  public static FileEntry of(Path file) throws IOException {
    MessageDigest digest = newDigest();
    byte[] chunk = new byte[CHUNK];
    long size = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        digest.update(chunk, 0, n);
        size += n;
      }
    }
    return new FileEntry(file.getFileName().toString(), size, hex(digest));
  }

  /**
   * Compares the file of this name in {@code directory} with this entry.
   *
   * @throws InvalidVersionException if it is missing, or differs in size or SHA-256
   */
  public void verify(Path directory) throws IOException {
    Path file = existing(directory);
    checkSize(file, Files.size(file));
    checkHash(file, of(file).sha256());
  }

  /**
   * Reads the file of this name in {@code directory} once, and gives its bytes if they are those of
   * this entry: what is done with them can't be done with others that took their place meanwhile.
   *
   * @throws InvalidVersionException if it is missing, or differs in size or SHA-256
   */
  public byte[] read(Path directory) throws IOException {
    Path file = existing(directory);
    checkSize(file, Files.size(file)); // before memory is taken
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes((int) Math.min(size + 1, Integer.MAX_VALUE));
    }
    checkSize(file, bytes.length);
    MessageDigest digest = newDigest();
    digest.update(bytes);
    checkHash(file, hex(digest));
    return bytes;
  }

  private Path existing(Path directory) throws IOException {
    Path file = directory.resolve(name);
    if (!Presence.isFile(file)) {
      throw new InvalidVersionException(file + " is listed in the manifest and missing");
    }
    return file;
  }

  private void checkSize(Path file, long found) throws InvalidVersionException {
    if (found != size) {
      throw new InvalidVersionException(
          file + " has " + found + " bytes, the manifest says " + size);
    }
  }

  private void checkHash(Path file, String hash) throws InvalidVersionException {
    if (!hash.equals(sha256)) {
      throw new InvalidVersionException(
          file + " is damaged: its SHA-256 is " + hash + ", the manifest says " + sha256);
    }
  }

  /** A new SHA-256 digest, for one who hashes while writing. */
  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The finished digest as {@link #sha256} writes it. */
  public static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
