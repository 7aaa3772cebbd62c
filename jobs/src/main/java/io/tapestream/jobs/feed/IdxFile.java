package io.tapestream.jobs.feed;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * A file of unsigned bytes in the IDX format, as MNIST and its kin come:
 *
 * <pre>
 *   byte  0      2      3      4                 4 + 4·d
 *         +------+------+------+-----------------+----------------------------+
 *         | 0 0  | 0x08 |  d   | d extents, each | the bytes in C order       |
 *         |      | type | axes | 4 bytes, big-e. |                            |
 *         +------+------+------+-----------------+----------------------------+
 * </pre>
 *
 * The first axis counts the items: images (60000, 28, 28), labels (60000). Packed with gzip or not.
 */
public final class IdxFile {
  /** Brings a byte to 0 … 1, in float32. */
  public static final float TO_UNIT = 1 / 255f;

  private static final int UNSIGNED_BYTE = 0x08;

  private final List<Integer> shape;
  private final byte[] bytes;
  private final int itemSize;

  private IdxFile(List<Integer> shape, byte[] bytes) {
    this.shape = List.copyOf(shape);
    this.bytes = bytes;
    this.itemSize = itemShape().stream().reduce(1, Math::multiplyExact);
  }

  /**
   * Reads a whole file.
   *
   * @throws IOException if it is no IDX file of bytes, or ends early; the message names it
   */
  public static IdxFile read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    }
  }

  /**
   * Reads a stream to the last byte that its header promises.
   *
   * @param name what the stream is called in errors
   */
  public static IdxFile read(InputStream stream, String name) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(stream, 1 << 16);
    buffered.mark(2);
    boolean packed = buffered.read() == 0x1f && buffered.read() == 0x8b;
    buffered.reset();
    DataInputStream in =
        new DataInputStream(packed ? new GZIPInputStream(buffered, 1 << 16) : buffered);
    try {
      int zero = in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int axes = in.readUnsignedByte();
      if (zero != 0 || type != UNSIGNED_BYTE || axes == 0) {
        throw new IOException(name + " is no IDX file of unsigned bytes");
      }
      List<Integer> shape = new ArrayList<>();
      for (int axis = 0; axis < axes; axis++) {
        shape.add(in.readInt());
      }
      int size = shape.stream().reduce(1, Math::multiplyExact);
      byte[] bytes = new byte[size];
      in.readFully(bytes);
      return new IdxFile(shape, bytes);
    } catch (EOFException e) {
      throw new IOException(name + " ends before the bytes that its header promises", e);
    } catch (ArithmeticException | NegativeArraySizeException e) {
      throw new IOException(name + " promises more bytes than an array can hold", e);
    }
  }

  /** Items in the file: the first extent. */
  public int count() {
    return shape.get(0);
  }

  /** The extents of one item; empty for labels. */
  public List<Integer> itemShape() {
    return shape.subList(1, shape.size());
  }

  /** Bytes of one item. */
  public int itemSize() {
    return itemSize;
  }

  /** A copy of the bytes of one item. */
  public byte[] item(int index) {
    return Arrays.copyOfRange(bytes, index * itemSize, (index + 1) * itemSize);
  }

  /** One byte of one item, 0 to 255. */
  public int value(int index, int position) {
    return bytes[index * itemSize + position] & 0xFF;
  }
}
