package io.tapestream.operators.publish;

import io.tapestream.files.DurableFiles;
import io.tapestream.files.FileEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.security.MessageDigest;

/** A new file that is hashed while it is written, so that it need not be read again. */
final class HashingFile implements WritableByteChannel {
  private final Path path;
  private final SeekableByteChannel file;
  private final MessageDigest digest = FileEntry.newDigest();
  private long size;

  HashingFile(Path path) throws IOException {
    this.path = path;
    this.file = DurableFiles.create(path);
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    ByteBuffer written = bytes.duplicate();
    int n = file.write(bytes);
    digest.update(written.limit(written.position() + n));
    size += n;
    return n;
  }

  /** Makes a local file durable and describes it; nothing may be written afterwards. */
  FileEntry finish() throws IOException {
    DurableFiles.force(file);
    return new FileEntry(path.getFileName().toString(), size, FileEntry.hex(digest));
  }

  @Override
  public boolean isOpen() {
    return file.isOpen();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
