package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y = X} under another shape of the same size; {@code dX = dY} under X's. Nothing is copied.
 */
public final class Reshape {
  private Reshape() {}

  /**
   * Computes Y.
   *
   * @param x any shape
   * @param shape of the same size
   * @return a view of x
   */
  public static Tensor of(Tensor x, Shape shape) {
    Check.shapes(x.size() == shape.size(), "Reshape", "the size of " + shape, x);
    return GradientTape.record(x.reshape(shape), (dy, adjoints) -> adjoints.pass(x, dy), x);
  }
}
