package io.tapestream.operators.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.apache.flink.core.fs.FSDataInputStream;

/** Reads a file; going on where the last read ended costs nothing, a jump may cost a request. */
final class ReadChannel implements SeekableByteChannel {
  private static final int CHUNK = 64 << 10;

  private final FSDataInputStream in;
  private final long size;
  private byte[] chunk = new byte[0];
  private boolean open = true;

  ReadChannel(FSDataInputStream in, long size) {
    this.in = in;
    this.size = size;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    checkOpen();
    int wanted = Math.min(into.remaining(), CHUNK);
    if (wanted == 0) {
      return 0;
    }
    if (into.hasArray()) {
      int read = in.read(into.array(), into.arrayOffset() + into.position(), wanted);
      into.position(into.position() + Math.max(0, read));
      return read;
    }
    if (chunk.length < wanted) {
      chunk = new byte[wanted];
    }
    int read = in.read(chunk, 0, wanted);
    into.put(chunk, 0, Math.max(0, read));
    return read;
  }

  @Override
  public long position() throws IOException {
    checkOpen();
    return in.getPos();
  }

  @Override
  public SeekableByteChannel position(long position) throws IOException {
    checkOpen();
    if (position != in.getPos()) {
      in.seek(position);
    }
    return this;
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    return size;
  }

  @Override
  public int write(ByteBuffer bytes) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long length) {
    throw new NonWritableChannelException();
  }

  private void checkOpen() throws ClosedChannelException {
    if (!open) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() throws IOException {
    open = false;
    in.close();
  }
}
