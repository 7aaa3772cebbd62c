package io.tapestream.layers;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;

/** Inputs of a model that is described by calls on them; Keras's {@code Input}. */
public final class Input {

  /**
   * Real numbers.
   *
   * @param dims of one example, without the batch axis; none for one number
   */
  public static SymbolicTensor of(int... dims) {
    return of(Shape.of(dims));
  }

  /** Real numbers of this shape for one example. */
  public static SymbolicTensor of(Shape shape) {
    return SymbolicTensor.input(shape, DType.FLOAT32);
  }

  /**
   * Integers, such as rows of an embedding.
   *
   * @param dims of one example, without the batch axis; none for one number
   */
  public static SymbolicTensor ids(int... dims) {
    return SymbolicTensor.input(Shape.of(dims), DType.INT64);
  }

  private Input() {}
}
