package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.util.List;

/**
 * What a model answered to one request.
 *
 * @param version the version that answered
 * @param shape (rows, …): one row for each example, in the request's order
 * @param values the outputs row by row
 */
@SuppressWarnings("ArrayRecordComponent") // handed over to the caller, compared by nobody
public record Predictions(Manifest version, List<Integer> shape, float[] values) {

  /** Checks that the values fill the shape. */
  public Predictions {
    shape = List.copyOf(shape);
    int size = shape.stream().reduce(1, Math::multiplyExact);
    if (size != values.length) {
      throw new IllegalArgumentException(values.length + " values don't fill the shape " + shape);
    }
  }

  /** Number of examples answered. */
  public int rows() {
    return shape.get(0);
  }
}
