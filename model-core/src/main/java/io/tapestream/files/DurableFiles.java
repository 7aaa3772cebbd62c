package io.tapestream.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes that survive a loss of power once they return. */
public final class DurableFiles {
  private DurableFiles() {}

  /**
   * Puts a file in place whole, instead of the one of this name if there is one: it is written
   * beside it under a name that starts with a dot, and renamed. Whoever reads the directory finds
   * the old content or the new.
   *
   * @throws IOException if it can't be written; what was there is still there then
   */
  public static void replace(Path file, String content) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    Path unseen = file.resolveSibling("." + file.getFileName() + "-" + UUID.randomUUID());
    try {
      write(unseen, content);
      Files.move(unseen, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(unseen);
      throw e;
    }
    if (directory != null) {
      force(directory);
    }
  }

  /** Writes a new file. */
  private static void write(Path file, String content) throws IOException {
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeFully(out, ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)));
      out.force(true);
    }
  }

  /** Writes all that remains in the buffer. */
  public static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** Makes a directory's entries, and renames into it, durable. */
  public static void force(Path directory) throws IOException {
    try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }
}
