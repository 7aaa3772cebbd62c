package io.tapestream.initializers;

import io.tapestream.random.Philox;
import io.tapestream.tensor.Shape;

/** Random parameters, drawn by counter: value i depends on the key and i alone. */
final class Draws {
  /** The standard deviation of a standard normal variable that is kept within ±2. */
  private static final double TRUNCATED_DEVIATION = 0.8796256610342398;

  /** Uniform numbers in [−limit, limit). */
  static float[] uniform(Shape shape, long key, double limit) {
    float[] values = new float[shape.size()];
    Philox.uniform(key, 0, values, 0, values.length);
    for (int i = 0; i < values.length; i++) {
      values[i] = (2 * values[i] - 1) * (float) limit;
    }
    return values;
  }

  /**
   * Normal numbers that have this standard deviation after those beyond two sigma were drawn again.
   */
  static float[] truncatedNormal(Shape shape, long key, double deviation) {
    float[] values = new float[shape.size()];
    Philox.normal(key, 0, values, 0, values.length);
    float sigma = (float) (deviation / TRUNCATED_DEVIATION);
    for (int i = 0; i < values.length; i++) {
      for (int again = 1; Math.abs(values[i]) > 2; again++) {
        Philox.normal(Philox.key(key, again), i, values, i, 1);
      }
      values[i] *= sigma;
    }
    return values;
  }

  static void finite(String initializer, String setting, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          initializer + ": " + setting + " must be finite, got " + value);
    }
  }

  private Draws() {}
}
