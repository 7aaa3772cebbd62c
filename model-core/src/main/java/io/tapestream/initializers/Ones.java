package io.tapestream.initializers;

import io.tapestream.tensor.Shape;
import java.util.Arrays;

/** One everywhere. */
public record Ones() implements Initializer {
  @Override
  public float[] values(Shape shape, long key) {
    float[] values = new float[shape.size()];
    Arrays.fill(values, 1f);
    return values;
  }
}
