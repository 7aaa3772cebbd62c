package io.tapestream.parameterserver;

/**
 * What a contribution says about the values of one block: the gradient of the summed weighted loss
 * for a trained block, the virtual worker's own new values for a block of statistics.
 *
 * <p>The arrays belong to the receiver: a sender must not change them afterwards.
 */
public sealed interface Gradient {

  /** Nothing to add: the contribution of a batch without weight. */
  record None() implements Gradient {}

  /**
   * One number for each value of the block.
   *
   * @param values as long as the block
   */
  @SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
  record Dense(float[] values) implements Gradient {}

  /**
   * Whole rows of a table that lies in the block; every other value has gradient zero. Row r of the
   * table is the block's values {@code origin + r·width} to {@code origin + (r + 1)·width}.
   *
   * @param origin where row 0 starts, counted from the block's first value; negative if the table
   *     starts in an earlier block
   * @param width values in a row
   * @param rows the rows' numbers, each wholly inside the block
   * @param values the rows' gradients one after the other: {@code rows.length · width} numbers
   */
  @SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
  record Rows(int origin, int width, int[] rows, float[] values) implements Gradient {}

  /**
   * One number for each value of the block, in half precision.
   *
   * @param exponent the numbers are to be multiplied by 2 to the power of this
   * @param values bits of IEEE 754 halves, none infinite, as long as the block
   */
  @SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
  record Half(int exponent, short[] values) implements Gradient {

    private static final int SMALLEST_NORMAL = 0x3880_0000; // 2⁻¹⁴ as a float
    private static final int BIAS = (127 - 15) << 23; // of a float's exponent over a half's
    private static final float SUBNORMAL_UNIT = 0x1p-24f;

    /**
     * The nearest half, of two the even one.
     *
     * @param value its magnitude at most 2¹⁵
     */
    public static short round(float value) {
      int bits = Float.floatToRawIntBits(value);
      int sign = (bits >>> 16) & 0x8000;
      int magnitude = bits & 0x7fff_ffff;
      if (magnitude < SMALLEST_NORMAL) { // a sum with ½ is rounded to subnormal halves' units
        float half = Float.intBitsToFloat(magnitude) + 0.5f;
        return (short) (sign | (Float.floatToRawIntBits(half) - Float.floatToRawIntBits(0.5f)));
      }
      int odd = (magnitude >>> 13) & 1;
      return (short) (sign | ((magnitude - BIAS + 0xfff + odd) >>> 13));
    }

    /** What the bits of a half stand for. */
    public static float value(short half) {
      int sign = (half & 0x8000) << 16;
      int magnitude = half & 0x7fff;
      float value =
          magnitude < 0x400
              ? magnitude * SUBNORMAL_UNIT
              : Float.intBitsToFloat((magnitude << 13) + BIAS);
      return Float.intBitsToFloat(Float.floatToRawIntBits(value) | sign);
    }

    /** The same numbers as floats. */
    public float[] floats() {
      float scale = Math.scalb(1f, exponent);
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = value(values[i]) * scale;
      }
      return floats;
    }
  }
}
