package io.tapestream.initializers;

import io.tapestream.random.Philox;
import io.tapestream.tensor.Shape;

/**
 * Normal.
 *
 * @param mean finite
 * @param deviation the standard deviation, at least 0
 */
public record RandomNormal(double mean, double deviation) implements Initializer {

  /** About 0, with a standard deviation of 0.05; Keras's default. */
  public RandomNormal() {
    this(0, 0.05);
  }

  /** Checks the ranges stated above. */
  public RandomNormal {
    Draws.finite("RandomNormal", "mean", mean);
    Draws.finite("RandomNormal", "deviation", deviation);
    if (deviation < 0) {
      throw new IllegalArgumentException(
          "RandomNormal: deviation must be at least 0, got " + deviation);
    }
  }

  @Override
  public float[] values(Shape shape, long key) {
    float[] values = new float[shape.size()];
    Philox.normal(key, 0, values, 0, values.length);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) mean + (float) deviation * values[i];
    }
    return values;
  }
}
