package io.tapestream.initializers;

import io.tapestream.tensor.Shape;
import java.util.Arrays;

/**
 * The same number everywhere; in a specification a bare number.
 *
 * @param value finite
 */
public record Constant(double value) implements Initializer {

  /** Checks that it is finite. */
  public Constant {
    Draws.finite("Constant", "value", value);
  }

  @Override
  public float[] values(Shape shape, long key) {
    float[] values = new float[shape.size()];
    Arrays.fill(values, (float) value);
    return values;
  }
}
