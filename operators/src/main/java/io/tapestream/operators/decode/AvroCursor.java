package io.tapestream.operators.decode;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A place in bytes of Avro binary. Each read moves it on, and rejects the example if the bytes end
 * first.
 */
final class AvroCursor {
  private static final VarHandle FLOAT =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle DOUBLE =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int MOST_AXES = 32;

  private final byte[] bytes;
  private int at;

  AvroCursor(byte[] bytes, int from) {
    this.bytes = bytes;
    this.at = from;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Where it is. */
  int at() {
    return at;
  }

  /** A variable-length, zig-zag coded integer. */
  long readLong() throws RejectedExampleException {
    long coded = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == bytes.length) {
        throw truncated();
      }
      byte next = bytes[at++];
      coded |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return (coded >>> 1) ^ -(coded & 1);
      }
    }
    throw damaged("an integer is longer than 64 bits");
  }

  /** The length of bytes or text, which must be there. */
  int readLength() throws RejectedExampleException {
    long length = readLong();
    if (length < 0) {
      throw damaged("a length is negative");
    }
    if (length > bytes.length - at) {
      throw truncated();
    }
    return (int) length;
  }

  /** Passes over bytes and says where they began. */
  int skip(int length) throws RejectedExampleException {
    int from = at;
    if (length > bytes.length - at) {
      throw truncated();
    }
    at += length;
    return from;
  }

  /** Passes over bytes or text with their length. */
  void skipBytes() throws RejectedExampleException {
    skip(readLength());
  }

  /** Passes over these bytes if they are the next ones. */
  boolean skipIfNext(byte[] expected) {
    int to = at + expected.length;
    if (to > bytes.length || !Arrays.equals(bytes, at, to, expected, 0, expected.length)) {
      return false;
    }
    at = to;
    return true;
  }

  /** How many items of an array follow in its next block; 0 at its end. */
  long readBlock() throws RejectedExampleException {
    long items = readLong();
    if (items < 0) { // then the block's length in bytes follows
      readLong();
      items = -items;
    }
    if (items < 0 || items > bytes.length - at) { // each item has at least one byte
      throw truncated();
    }
    return items;
  }

  /** An array of small integers: a shape. */
  int[] readInts() throws RejectedExampleException {
    int[] values = {};
    for (long left = readBlock(); left > 0; left = readBlock()) {
      int from = values.length;
      if (from + left > MOST_AXES) {
        throw damaged("a shape has more than " + MOST_AXES + " axes");
      }
      values = Arrays.copyOf(values, from + (int) left);
      for (int i = from; i < values.length; i++) {
        long value = readLong();
        if (value != (int) value) {
          throw damaged("an extent is longer than 32 bits");
        }
        values[i] = (int) value;
      }
    }
    return values;
  }

  float readFloat() throws RejectedExampleException {
    return (float) FLOAT.get(bytes, skip(Float.BYTES));
  }

  double readDouble() throws RejectedExampleException {
    return (double) DOUBLE.get(bytes, skip(Double.BYTES));
  }

  void requireEnd() throws RejectedExampleException {
    if (at != bytes.length) {
      throw damaged((bytes.length - at) + " bytes follow the example");
    }
  }

  RejectedExampleException damaged(String how) {
    return new RejectedExampleException(
        Reason.UNREADABLE,
        "the record of %d bytes is damaged at byte %d: %s".formatted(bytes.length, at, how));
  }

  private RejectedExampleException truncated() {
    return new RejectedExampleException(
        Reason.UNREADABLE,
        "the record is truncated: it ends after %d bytes".formatted(bytes.length));
  }
}
