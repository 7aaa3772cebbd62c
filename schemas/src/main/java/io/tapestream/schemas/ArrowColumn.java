package io.tapestream.schemas;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One column of a batch of an {@link ArrowStream}, read in place: each row holds {@link #width()}
 * elements, or, in a list column, its own number of them. Not for several threads at once.
 */
public final class ArrowColumn {
  /** How one element is stored. */
  enum Element {
    FLOAT32(4),
    FLOAT64(8),
    UINT8(1),
    INT8(1),
    INT16(2),
    INT32(4),
    INT64(8);

    final int bytes;

    Element(int bytes) {
      this.bytes = bytes;
    }
  }

  private final String name;
  private final Element element;
  private final int[] shape;
  private final int width;
  private final float[] byByte;
  private final @Nullable ByteBuffer rowValidity;
  private final @Nullable ByteBuffer elementValidity;
  private final @Nullable ByteBuffer offsets;
  private final ByteBuffer data;
  private final FloatBuffer floats;

  ArrowColumn(
      String name,
      Element element,
      int[] shape,
      float scale,
      @Nullable ByteBuffer rowValidity,
      @Nullable ByteBuffer elementValidity,
      @Nullable ByteBuffer offsets,
      ByteBuffer data) {
    this.name = name;
    this.element = element;
    this.shape = shape;
    this.width = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    this.rowValidity = rowValidity;
    this.elementValidity = elementValidity;
    this.offsets = offsets;
    this.data = data;
    this.floats = data.asFloatBuffer();
    this.byByte = element == Element.UINT8 ? new float[256] : new float[0];
    for (int i = 0; i < byByte.length; i++) {
      byByte[i] = DenseFeatures.fromByte((byte) i, scale);
    }
  }

  /**
   * The column's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The extents of one row's value, outermost first.
   *
   * @return the extents; empty for a scalar
   */
  public int[] shape() {
    return shape.clone();
  }

  /**
   * How many elements a row has.
   *
   * @return the product of the shape
   */
  public int width() {
    return width;
  }

  /**
   * Whether the way numbers are stored rules out NaN and infinities.
   *
   * @return true for integers, unless their scale is not finite
   */
  public boolean isAlwaysFinite() {
    return switch (element) {
      case FLOAT32, FLOAT64 -> false;
      case UINT8 -> Float.isFinite(byByte[255]);
      default -> true;
    };
  }

  /**
   * Whether a row has no value, or one of its elements has none.
   *
   * @param row the row, from 0 in its batch
   * @return whether something is missing
   */
  public boolean isNull(int row) {
    if (!isValid(rowValidity, row)) {
      return true;
    }
    if (elementValidity == null) {
      return false;
    }
    for (int i = start(row); i < end(row); i++) {
      if (!isValid(elementValidity, i)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Reads a row of numbers as float32; bytes are scaled, wider types rounded.
   *
   * @param row the row, from 0 in its batch; not null
   * @param into the array to write {@link #width()} numbers into
   * @param from where to begin there
   */
  public void read(int row, float[] into, int from) {
    int first = row * width;
    switch (element) {
      case FLOAT32 -> {
        if (width == 1) {
          into[from] = floats.get(first);
        } else {
          floats.get(first, into, from, width);
        }
      }
      case UINT8 -> {
        for (int i = 0; i < width; i++) {
          into[from + i] = byByte[data.get(first + i) & 0xFF];
        }
      }
      default -> {
        for (int i = 0; i < width; i++) {
          into[from + i] = (float) number(first + i);
        }
      }
    }
  }

  /**
   * One element of a row.
   *
   * @param row the row, from 0 in its batch; not null
   * @param index the element, from 0 below {@link #width()}
   * @return its value; of bytes, unscaled
   */
  public double get(int row, int index) {
    return number(row * width + index);
  }

  /** The integers of a row of a list column. */
  long[] integers(int row) {
    long[] values = new long[end(row) - start(row)];
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(start(row) + i);
    }
    return values;
  }

  /** A row's only integer. */
  long integer(int index) {
    return switch (element) {
      case UINT8 -> data.get(index) & 0xFF;
      case INT8 -> data.get(index);
      case INT16 -> data.getShort(2 * index);
      case INT32 -> data.getInt(4 * index);
      case INT64 -> data.getLong(8 * index);
      case FLOAT32, FLOAT64 ->
          throw new IllegalStateException("column '" + name + "' holds no integers");
    };
  }

  /** A row of bytes as UTF-8 text. */
  String text(int row) {
    byte[] utf8 = new byte[end(row) - start(row)];
    data.get(start(row), utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** A row's bytes as they are stored. */
  byte[] stored(int row) {
    byte[] bytes = new byte[width * element.bytes];
    data.get(row * bytes.length, bytes);
    return bytes;
  }

  Element element() {
    return element;
  }

  /**
   * Whether each row has its own number of elements: a categorical feature, or text.
   *
   * @return true for a list or text column, whose rows {@link #read} and {@link #get} can't read
   */
  public boolean isList() {
    return offsets != null;
  }

  private double number(int index) {
    return switch (element) {
      case FLOAT32 -> data.getFloat(4 * index);
      case FLOAT64 -> data.getDouble(8 * index);
      default -> integer(index);
    };
  }

  private int start(int row) {
    return offsets == null ? row * width : offsets.getInt(4 * row);
  }

  private int end(int row) {
    return start(row + 1);
  }

  private static boolean isValid(@Nullable ByteBuffer validity, int index) {
    return validity == null || (validity.get(index >> 3) >> (index & 7) & 1) != 0;
  }
}
