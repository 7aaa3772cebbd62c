package io.tapestream.schemas;

import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.DenseFeature;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Makes dense features from arrays and reads them back. */
public final class DenseFeatures {
  private DenseFeatures() {}

  /**
   * A feature of one number.
   *
   * @param name the feature's name
   * @param value its value
   * @return the feature, shape ()
   */
  public static DenseFeature scalar(String name, float value) {
    return floats(name, new float[] {value});
  }

  /**
   * A feature stored as float32.
   *
   * @param name the feature's name
   * @param values its numbers in C order
   * @param shape its extents; none for a scalar
   * @return the feature
   * @throws IllegalArgumentException if there are not as many values as the shape has
   */
  public static DenseFeature floats(String name, float[] values, int... shape) {
    requireSize(name, values.length, shape);
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new DenseFeature(name, boxed(shape), DenseEncoding.FLOAT32, 1f, bytes);
  }

  /**
   * A feature stored as one byte a number, as images are: a quarter of the size.
   *
   * @param name the feature's name
   * @param values its unsigned bytes in C order; not copied
   * @param scale what each byte is multiplied with, such as 1/255f
   * @param shape its extents; none for a scalar
   * @return the feature
   * @throws IllegalArgumentException if there are not as many values as the shape has
   */
  public static DenseFeature bytes(String name, byte[] values, float scale, int... shape) {
    requireSize(name, values.length, shape);
    return new DenseFeature(
        name, boxed(shape), DenseEncoding.UINT8, scale, ByteBuffer.wrap(values));
  }

  /**
   * The numbers of a feature, whatever its encoding.
   *
   * @param feature the feature
   * @return its numbers in C order
   */
  public static float[] values(DenseFeature feature) {
    ByteBuffer bytes = feature.getValues().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    return switch (feature.getEncoding()) {
      case FLOAT32 -> {
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        yield values;
      }
      case UINT8 -> {
        float[] values = new float[bytes.remaining()];
        for (int i = 0; i < values.length; i++) {
          values[i] = fromByte(bytes.get(bytes.position() + i), feature.getScale());
        }
        yield values;
      }
    };
  }

  /**
   * The number that a byte of a UINT8 feature stands for: the one rule that every reader follows,
   * so that all get the same bits.
   *
   * @param value an unsigned byte
   * @param scale the feature's scale
   * @return scale times the byte, multiplied in float32
   */
  public static float fromByte(byte value, float scale) {
    return scale * (value & 0xFF);
  }

  private static void requireSize(String name, int values, int[] shape) {
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (values != size) {
      throw new IllegalArgumentException(
          "feature '%s' has %d values, but its shape %s holds %d"
              .formatted(name, values, Arrays.toString(shape), size));
    }
  }

  private static List<Integer> boxed(int[] shape) {
    return Arrays.stream(shape).boxed().toList();
  }
}
