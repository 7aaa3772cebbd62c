package io.tapestream.ops;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The errors of ops: each names the op, what it expects and what it was given. */
final class Check {
  private Check() {}

  /** Fails unless the condition holds. */
  static void shapes(boolean condition, String op, String expected, Tensor... given) {
    if (!condition) {
      throw new IllegalArgumentException(
          op
              + " expects "
              + expected
              + "; given "
              + Arrays.stream(given)
                  .map(tensor -> tensor.shape().toString())
                  .collect(Collectors.joining(" and ")));
    }
  }

  /** Fails unless all are of one floating type. */
  static void floating(String op, Tensor... given) {
    DType dtype = given[0].dtype();
    for (Tensor tensor : given) {
      if (!tensor.dtype().isFloating() || tensor.dtype() != dtype) {
        throw new IllegalArgumentException(
            op
                + " expects tensors of one floating type; given "
                + Arrays.stream(given).map(Tensor::toString).collect(Collectors.joining(" and ")));
      }
    }
  }

  /** The shape that two broadcast to, or an error that names the op. */
  static Shape broadcast(String op, Tensor a, Tensor b) {
    floating(op, a, b);
    try {
      return Shape.broadcast(a.shape(), b.shape());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          op + " expects shapes that broadcast; " + e.getMessage(), e);
    }
  }
}
