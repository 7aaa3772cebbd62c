package io.tapestream.initializers;

import io.tapestream.specs.Specified;
import io.tapestream.tensor.Shape;

/** The rule for a parameter's first values; an immutable record. */
public interface Initializer extends Specified {

  /**
   * The first values of a parameter.
   *
   * @param shape of the parameter: {@code (in, out)}, or {@code (…window, in, out)} for a
   *     convolution
   * @param key of the parameter's random stream ({@link io.tapestream.random.Philox}): the same key
   *     gives the same values
   * @return {@code shape.size()} values in C order
   */
  float[] values(Shape shape, long key);
}
