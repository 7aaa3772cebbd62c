package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/** Zero everywhere. */
public record Zeros() implements Initializer {
  @Override
  public float[] values(Shape shape, long key) {
    return new float[shape.size()];
  }
}
