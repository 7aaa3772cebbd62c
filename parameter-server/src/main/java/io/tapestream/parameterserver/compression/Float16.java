package io.tapestream.parameterserver.compression;

import io.tapestream.parameterserver.Gradient;

/**
 * Two bytes a parameter: IEEE 754 half precision, rounded to the nearest, ties to even. Each block
 * has a power of two as its scale, chosen so that its largest gradient comes to lie between 2¹⁴ and
 * 2¹⁵; what would round to 2¹²⁸ saturates below it. So nothing overflows, and what is down to 2⁻²⁸
 * of the largest keeps eleven significant bits.
 */
public record Float16() implements Compression {

  private static final int LARGEST_EXPONENT = 14;
  private static final int LARGEST_SCALE = Float.MAX_EXPONENT - LARGEST_EXPONENT;
  private static final float LARGEST_BELOW = 0x1.ffcp14f; // the largest half below 2¹⁵

  @Override
  public Gradient compress(float[] gradient, float[] residual, int from) {
    float largest = 0;
    for (float g : gradient) {
      largest = Math.max(largest, Math.abs(g));
    }
    int exponent = Math.max(Float.MIN_EXPONENT, Math.getExponent(largest) - LARGEST_EXPONENT);
    float scale = Math.scalb(1f, -exponent);
    float most = exponent < LARGEST_SCALE ? 0x1p15f : LARGEST_BELOW;
    short[] halves = new short[gradient.length];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = Gradient.Half.round(Math.max(-most, Math.min(most, gradient[i] * scale)));
    }
    return new Gradient.Half(exponent, halves);
  }

  @Override
  public int bytes(int length) {
    return Short.BYTES * length;
  }

  @Override
  public boolean keepsResidual() {
    return false;
  }

  @Override
  public String toString() {
    return "float16";
  }
}
