package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/**
 * Uniform in ±√(6 / in), which keeps variances alike through rectifiers.
 *
 * <p>He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
 */
public record HeUniform() implements Initializer {
  @Override
  public float[] values(Shape shape, long key) {
    Fans fans = Fans.of(shape);
    return Draws.uniform(shape, key, Math.sqrt(6 / fans.in()));
  }
}
