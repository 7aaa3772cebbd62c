package io.tapestream.serving.openinference;

import io.tapestream.serving.protocol.JsonNumbers;
import io.tapestream.serving.protocol.RequestException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A type of tensors' elements. Models compute in float32: floating types are rounded to it and
 * refused beyond its range; whole numbers are refused if it can't hold them exactly, since they are
 * ids more often than quantities.
 */
enum Datatype {
  BOOL(1, 0, 1),
  UINT8(1, 0, 0xFF),
  UINT16(2, 0, 0xFFFF),
  UINT32(4, 0, 0xFFFFFFFFL),
  UINT64(8, 0, Long.MAX_VALUE),
  INT8(1, Byte.MIN_VALUE, Byte.MAX_VALUE),
  INT16(2, Short.MIN_VALUE, Short.MAX_VALUE),
  INT32(4, Integer.MIN_VALUE, Integer.MAX_VALUE),
  INT64(8, Long.MIN_VALUE, Long.MAX_VALUE),
  FP16(2),
  FP32(4),
  FP64(8);

  private final int size;
  private final boolean whole;
  private final long least;
  private final long greatest;

  /** A type of whole numbers. */
  Datatype(int size, long least, long greatest) {
    this.size = size;
    this.whole = true;
    this.least = least;
    this.greatest = greatest;
  }

  /** A floating type. */
  Datatype(int size) {
    this.size = size;
    this.whole = false;
    this.least = 0;
    this.greatest = 0;
  }

  /**
   * The type of this name.
   *
   * @throws RequestException with status 400 if there is none, or it is {@code BYTES}
   */
  static Datatype of(@Nullable String name, String where) {
    for (Datatype type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    throw new RequestException(
        400, where + " has datatype " + name + ", taken are " + Arrays.toString(values()));
  }

  /** Bytes of an element. */
  int size() {
    return size;
  }

  /**
   * Checks that numbers in JSON are of this type.
   *
   * @throws RequestException with status 400 naming one that isn't
   */
  void check(JsonNumbers numbers, String where) {
    if (this == FP16) {
      throw new RequestException(400, where + " is FP16, which is sent as binary data only");
    }
    if (numbers.sawBoolean() && (this != BOOL || numbers.sawNumber())) {
      throw new RequestException(400, where + " mixes booleans with " + name());
    }
    if (!whole) {
      return;
    }
    String wrong = numbers.fraction() != null ? numbers.fraction() : numbers.inexact();
    if (wrong != null) {
      throw new RequestException(
          400,
          where
              + " has "
              + wrong
              + (numbers.fraction() != null
                  ? ", which is not of type " + name()
                  : ", which float32 can't hold exactly"));
    }
    if (numbers.least() < least || numbers.greatest() > greatest) {
      throw new RequestException(
          400,
          where
              + " has "
              + (numbers.least() < least ? numbers.least() : numbers.greatest())
              + ", which is not of type "
              + name());
    }
  }

  /**
   * Reads little-endian elements.
   *
   * @param data as many bytes as {@code count} elements take
   * @throws RequestException with status 400 if one isn't finite or float32 can't hold it
   */
  float[] read(ByteBuffer data, int count, String where) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = whole ? readWhole(data, where, i) : readFloating(data);
      if (!Float.isFinite(values[i])) {
        throw new RequestException(
            400, where + "[" + i + "] is " + values[i] + " or beyond the range of float32");
      }
    }
    return values;
  }

  private float readFloating(ByteBuffer data) {
    return switch (this) {
      case FP16 -> ofHalf(data.getShort());
      case FP64 -> (float) data.getDouble();
      default -> data.getFloat();
    };
  }

  private float readWhole(ByteBuffer data, String where, int index) {
    long value =
        switch (this) {
          case BOOL, UINT8 -> data.get() & 0xFF;
          case UINT16 -> data.getShort() & 0xFFFF;
          case UINT32 -> data.getInt() & 0xFFFFFFFFL;
          case INT8 -> data.get();
          case INT16 -> data.getShort();
          case INT32 -> data.getInt();
          default -> data.getLong(); // an unsigned one beyond the signed range comes out negative
        };
    if (value < least || value > greatest) {
      throw new RequestException(
          400, where + "[" + index + "] is not of type " + name() + " or too large");
    }
    float rounded = value;
    if ((long) rounded != value || value == Long.MAX_VALUE) {
      throw new RequestException(
          400, where + "[" + index + "] is " + value + ", which float32 can't hold exactly");
    }
    return rounded;
  }

  /** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
  private static float ofHalf(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    float magnitude =
        switch (exponent) {
          case 0 -> Math.scalb((float) fraction, -24);
          case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Math.scalb((float) (0x400 | fraction), exponent - 25);
        };
    return bits < 0 ? -magnitude : magnitude;
  }
}
