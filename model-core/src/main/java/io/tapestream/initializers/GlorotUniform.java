package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/**
 * Uniform in ±√(6 / (in + out)), which keeps variances alike forwards and backwards through
 * symmetric activations.
 *
 * <p>Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
 * networks", 2010. Keras's default for kernels.
 */
public record GlorotUniform() implements Initializer {
  @Override
  public float[] values(Shape shape, long key) {
    Fans fans = Fans.of(shape);
    return Draws.uniform(shape, key, Math.sqrt(6 / (fans.in() + fans.out())));
  }
}
