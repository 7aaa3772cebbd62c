package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/**
 * Normal with variance 2 / (in + out), truncated at two standard deviations as in Keras.
 *
 * <p>Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
 * networks", 2010.
 */
public record GlorotNormal() implements Initializer {
  @Override
  public float[] values(Shape shape, long key) {
    Fans fans = Fans.of(shape);
    return Draws.truncatedNormal(shape, key, Math.sqrt(2 / (fans.in() + fans.out())));
  }
}
