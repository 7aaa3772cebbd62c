package io.tapestream.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes that survive a loss of power once they return: on a local disk by forcing them there,
 * elsewhere by closing the file.
 */
public final class DurableFiles {
  private DurableFiles() {}

  /**
   * Puts a file in place whole, instead of the one of this name if there is one: it is written
   * beside it under a name that starts with a dot, and renamed. Whoever reads the directory finds
   * the old content or the new. An object store renames nothing: there it is put by one request,
   * which has the same effect. Where a rename replaces nothing, as in HDFS, a file that exists is
   * written anew, and a reader may find its beginning.
   *
   * @throws IOException if it can't be written; where it is renamed or put, what was there is still
   *     there then
   */
  public static void replace(Path file, String content) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    Path unseen = file.resolveSibling("." + file.getFileName() + "-" + UUID.randomUUID());
    try {
      write(unseen, content);
      Files.move(unseen, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(unseen);
      if (!(e instanceof AtomicMoveNotSupportedException) || isLocal(file)) {
        throw e;
      }
      Files.writeString(file, content);
    }
    if (directory != null) {
      force(directory);
    }
  }

  /** Writes a new file. */
  private static void write(Path file, String content) throws IOException {
    try (SeekableByteChannel out = create(file)) {
      writeFully(out, ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)));
      force(out);
    }
  }

  /**
   * Opens a new file to be written from its beginning to its end.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is one
   */
  public static SeekableByteChannel create(Path file) throws IOException {
    return Files.newByteChannel(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Writes all that remains in the buffer. */
  public static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** Makes what has been written to a local file durable; another one is when it is closed. */
  public static void force(WritableByteChannel file) throws IOException {
    if (file instanceof FileChannel local) {
      local.force(true);
    }
  }

  /** Makes a local directory's entries, and renames into it, durable. */
  public static void force(Path directory) throws IOException {
    if (!isLocal(directory)) {
      return;
    }
    try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }

  private static boolean isLocal(Path path) {
    return path.getFileSystem() == FileSystems.getDefault();
  }
}
