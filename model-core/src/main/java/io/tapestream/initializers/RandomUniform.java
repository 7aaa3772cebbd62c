package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/**
 * Uniform in [minimum, maximum). Keras's default for embeddings.
 *
 * @param minimum finite
 * @param maximum at least minimum
 */
public record RandomUniform(double minimum, double maximum) implements Initializer {

  /** In ±0.05; Keras's default. */
  public RandomUniform() {
    this(-0.05, 0.05);
  }

  /** Checks the ranges stated above. */
  public RandomUniform {
    Draws.finite("RandomUniform", "minimum", minimum);
    Draws.finite("RandomUniform", "maximum", maximum);
    if (minimum > maximum) {
      throw new IllegalArgumentException(
          "RandomUniform: minimum " + minimum + " is above maximum " + maximum);
    }
  }

  @Override
  public float[] values(Shape shape, long key) {
    float[] values = Draws.uniform(shape, key, (maximum - minimum) / 2);
    float middle = (float) ((minimum + maximum) / 2);
    for (int i = 0; i < values.length; i++) {
      values[i] += middle;
    }
    return values;
  }
}
