package io.tapestream.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * A block of memory outside the Java heap, the one representation that every backend computes on.
 * It starts on a 64-byte boundary and is at most 2 GiB long. Its owner frees it with {@link
 * #close()}; if the owner forgets, it is freed some time after the garbage collector finds it
 * unreachable (which can be late, since the collector does not feel its weight).
 */
public final class Memory implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  private final long bytes;
  private final BytePointer allocation;
  private final long address;
  private final ByteBuffer buffer;
  private final FloatBuffer floats;
  private final DoubleBuffer doubles;
  private final LongBuffer longs;
  private volatile boolean closed;

  private Memory(long bytes) {
    this.bytes = bytes;
    this.allocation = new BytePointer(bytes + ALIGNMENT);
    long padding = -allocation.address() & (ALIGNMENT - 1);
    this.address = allocation.address() + padding;
    this.buffer =
        new BytePointer(allocation)
            .position(padding)
            .limit(padding + bytes)
            .asByteBuffer()
            .slice()
            .order(ByteOrder.nativeOrder());
    this.floats = buffer.asFloatBuffer();
    this.doubles = buffer.asDoubleBuffer();
    this.longs = buffer.asLongBuffer();
  }

  /**
   * Allocates memory whose contents are undefined.
   *
   * @param bytes its length
   * @throws IllegalArgumentException if that is more than 2 GiB
   */
  public static Memory allocate(long bytes) {
    if (bytes < 0 || bytes > Integer.MAX_VALUE - ALIGNMENT) {
      throw new IllegalArgumentException(
          "a block of " + bytes + " bytes was asked for; one tensor holds at most 2 GiB, split it");
    }
    return new Memory(Math.max(bytes, 1));
  }

  /** The length in bytes. */
  public long bytes() {
    return bytes;
  }

  /**
   * The address of the first byte, a multiple of 64. Whoever uses it must keep this object
   * reachable meanwhile.
   *
   * @throws IllegalStateException if the memory has been freed
   */
  public long address() {
    requireOpen();
    return address;
  }

  /**
   * The whole block as a buffer in native byte order. It is shared: use its absolute methods only.
   *
   * @throws IllegalStateException if the memory has been freed
   */
  public ByteBuffer buffer() {
    requireOpen();
    return buffer;
  }

  FloatBuffer floats() {
    requireOpen();
    return floats;
  }

  DoubleBuffer doubles() {
    requireOpen();
    return doubles;
  }

  LongBuffer longs() {
    requireOpen();
    return longs;
  }

  /** Whether the memory has been freed. */
  public boolean isClosed() {
    return closed;
  }

  /** Frees the memory; a second call does nothing. Views on it must not be used any more. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      allocation.deallocate();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "this memory was freed by close(); copy what must live longer than its owner");
    }
  }
}
