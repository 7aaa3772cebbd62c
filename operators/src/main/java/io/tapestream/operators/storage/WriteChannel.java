package io.tapestream.operators.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.apache.flink.core.fs.FSDataOutputStream;

/** Writes a file from its beginning to its end; it is kept once this is closed. */
final class WriteChannel implements SeekableByteChannel {
  private static final int CHUNK = 64 << 10;

  private final FSDataOutputStream out;
  private byte[] chunk = new byte[0];
  private long written;
  private boolean open = true;

  WriteChannel(FSDataOutputStream out) {
    this.out = out;
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    if (!open) {
      throw new ClosedChannelException();
    }
    int length = Math.min(bytes.remaining(), CHUNK);
    if (chunk.length < length) {
      chunk = new byte[length];
    }
    bytes.get(chunk, 0, length);
    out.write(chunk, 0, length);
    written += length;
    return length;
  }

  @Override
  public long position() {
    return written;
  }

  @Override
  public SeekableByteChannel position(long position) {
    if (position != written) {
      throw new UnsupportedOperationException("a file is written from its beginning to its end");
    }
    return this;
  }

  @Override
  public long size() {
    return written;
  }

  @Override
  public int read(ByteBuffer into) {
    throw new NonReadableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long length) {
    throw new UnsupportedOperationException("a file is written from its beginning to its end");
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() throws IOException {
    if (open) {
      open = false;
      out.close();
    }
  }
}
