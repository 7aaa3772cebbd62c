package io.tapestream.serving.follow;

import java.util.List;

/**
 * A tensor with a name, as it goes into a model or comes out of it: float32 in row-major order,
 * whatever type a protocol sends.
 *
 * @param name the feature's or the output's
 * @param shape (rows, …): one row for each example
 * @param values that fill the shape
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, compared by nobody
public record NamedValues(String name, List<Integer> shape, float[] values) {

  /** Checks that the values fill the shape. */
  public NamedValues {
    shape = List.copyOf(shape);
    if (shape.isEmpty()) {
      throw new IllegalArgumentException("\"" + name + "\" has no axis of rows");
    }
    int size = shape.stream().reduce(1, Math::multiplyExact);
    if (size != values.length) {
      throw new IllegalArgumentException(
          values.length + " values of \"" + name + "\" don't fill the shape " + shape);
    }
  }

  /** Number of examples. */
  public int rows() {
    return shape.get(0);
  }
}
