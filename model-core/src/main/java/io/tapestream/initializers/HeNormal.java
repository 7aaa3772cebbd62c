package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/**
 * Normal with variance 2 / in, truncated at two standard deviations as in Keras.
 *
 * <p>He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
 */
public record HeNormal() implements Initializer {
  @Override
  public float[] values(Shape shape, long key) {
    Fans fans = Fans.of(shape);
    return Draws.truncatedNormal(shape, key, Math.sqrt(2 / fans.in()));
  }
}
