package io.tapestream.parameterserver;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Arrays as the wire formats of this package hold them: the length as an int, then the elements.
 * Like every number outside an array, lengths are big endian, as {@link DataOutput} writes them.
 * Floats, ints and shorts of an array are little endian, so that they move in bulk. Longs are
 * clocks and offsets, mostly close to one another: each is its difference from the one before (the
 * first, from 0), zigzag-encoded, seven bits a byte, the lowest first; so are the whole numbers of
 * a report.
 */
public final class Payload {

  private static final int CHUNK = 8 * 1024; // elements

  private Payload() {}

  /** Writes an array. */
  public static void writeFloats(DataOutput out, float[] array) throws IOException {
    write(
        out,
        array.length,
        Float.BYTES,
        (view, from, n) -> view.asFloatBuffer().put(array, from, n));
  }

  /** Reads an array. */
  public static float[] readFloats(DataInput in) throws IOException {
    float[] array = new float[length(in)];
    read(
        in, array.length, Float.BYTES, (view, from, n) -> view.asFloatBuffer().get(array, from, n));
    return array;
  }

  /** Writes an array. */
  public static void writeInts(DataOutput out, int[] array) throws IOException {
    write(
        out,
        array.length,
        Integer.BYTES,
        (view, from, n) -> view.asIntBuffer().put(array, from, n));
  }

  /** Reads an array. */
  public static int[] readInts(DataInput in) throws IOException {
    int[] array = new int[length(in)];
    read(
        in, array.length, Integer.BYTES, (view, from, n) -> view.asIntBuffer().get(array, from, n));
    return array;
  }

  /** Writes an array. */
  public static void writeShorts(DataOutput out, short[] array) throws IOException {
    write(
        out,
        array.length,
        Short.BYTES,
        (view, from, n) -> view.asShortBuffer().put(array, from, n));
  }

  /** Reads an array. */
  public static short[] readShorts(DataInput in) throws IOException {
    short[] array = new short[length(in)];
    read(
        in, array.length, Short.BYTES, (view, from, n) -> view.asShortBuffer().get(array, from, n));
    return array;
  }

  /** Writes an array. */
  public static void writeLongs(DataOutput out, long[] array) throws IOException {
    out.writeInt(array.length);
    long before = 0;
    for (long element : array) {
      writeNumber(out, element - before);
      before = element;
    }
  }

  /** Reads an array. */
  public static long[] readLongs(DataInput in) throws IOException {
    long[] array = new long[length(in)];
    long before = 0;
    for (int i = 0; i < array.length; i++) {
      before += readNumber(in);
      array[i] = before;
    }
    return array;
  }

  /** The number of bytes that {@link #writeLongs} writes. */
  static long size(long[] array) {
    long size = Integer.BYTES;
    long before = 0;
    for (long element : array) {
      size += (70 - Long.numberOfLeadingZeros(zigzag(element - before) | 1)) / 7;
      before = element;
    }
    return size;
  }

  private static void writeNumber(DataOutput out, long number) throws IOException {
    long rest = zigzag(number);
    for (; rest >>> 7 != 0; rest >>>= 7) {
      out.writeByte((int) rest | 0x80);
    }
    out.writeByte((int) rest);
  }

  private static long readNumber(DataInput in) throws IOException {
    long zigzag = 0;
    int shift = 0;
    int next;
    do {
      next = in.readUnsignedByte();
      zigzag |= (long) (next & 0x7f) << shift;
      shift += 7;
    } while (next >= 0x80);
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Small numbers of either sign become small numbers without one. */
  private static long zigzag(long number) {
    return (number << 1) ^ (number >> 63);
  }

  /** Writes a batch's or a round's report. */
  public static void writeHeader(DataOutput out, Header header) throws IOException {
    out.writeDouble(header.weight());
    out.writeDouble(header.lossSum());
    writeNumber(out, header.records());
    writeNumber(out, header.skipped());
    out.writeInt(header.metricSums().length);
    for (int i = 0; i < header.metricSums().length; i++) {
      out.writeDouble(header.metricSums()[i]);
      out.writeDouble(header.metricWeights()[i]);
    }
  }

  /** Reads a batch's or a round's report. */
  public static Header readHeader(DataInput in) throws IOException {
    double weight = in.readDouble();
    double lossSum = in.readDouble();
    long records = readNumber(in);
    long skipped = readNumber(in);
    double[] sums = new double[length(in)];
    double[] weights = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = in.readDouble();
      weights[i] = in.readDouble();
    }
    return new Header(weight, lossSum, sums, weights, records, skipped);
  }

  /**
   * Reads the byte that a format begins with.
   *
   * @throws IOException if the bytes are of a version that this build does not know
   */
  public static void readVersion(DataInput in, int known, String what) throws IOException {
    int version = in.readUnsignedByte();
    if (version != known) {
      throw new IOException(
          "%s in format %d, but this build of Tapestream reads format %d: use the build that wrote it"
              .formatted(what, version, known));
    }
  }

  private static int length(DataInput in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      throw new IOException("an array of " + length + " elements: these bytes are no such record");
    }
    return length;
  }

  /** Moves elements {@code from … from+n-1} of an array into or out of a chunk's view. */
  @FunctionalInterface
  private interface Move {
    void run(ByteBuffer view, int from, int n);
  }

  private static void write(DataOutput out, int length, int element, Move move) throws IOException {
    out.writeInt(length);
    byte[] chunk = chunk(length, element);
    ByteBuffer view = view(chunk);
    for (int from = 0; from < length; from += CHUNK) {
      int n = Math.min(CHUNK, length - from);
      move.run(view, from, n);
      out.write(chunk, 0, n * element);
    }
  }

  private static void read(DataInput in, int length, int element, Move move) throws IOException {
    byte[] chunk = chunk(length, element);
    ByteBuffer view = view(chunk);
    for (int from = 0; from < length; from += CHUNK) {
      int n = Math.min(CHUNK, length - from);
      in.readFully(chunk, 0, n * element);
      move.run(view, from, n);
    }
  }

  private static byte[] chunk(int length, int element) {
    return new byte[Math.min(length, CHUNK) * element];
  }

  private static ByteBuffer view(byte[] chunk) {
    return ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
  }
}
