package io.tapestream.initializers;

import io.tapestream.tensor.Shape;

/**
 * How many inputs meet in an output of a parameter, and how many outputs an input reaches.
 *
 * @param in inputs per output, each position of a window counted
 * @param out outputs per input, each position of a window counted
 */
record Fans(double in, double out) {

  /**
   * The fans of a kernel {@code (in, out)} or {@code (…window, in, out)}; of a vector, its length.
   */
  static Fans of(Shape shape) {
    return switch (shape.rank()) {
      case 0 -> new Fans(1, 1);
      case 1 -> new Fans(shape.dim(0), shape.dim(0));
      default -> {
        double window = 1;
        for (int axis = 0; axis < shape.rank() - 2; axis++) {
          window *= shape.dim(axis);
        }
        yield new Fans(window * shape.dim(-2), window * shape.dim(-1));
      }
    };
  }
}
