package io.tapestream.serving.follow;

import java.util.List;

/**
 * An output of a model.
 *
 * @param name by which it is told from others
 * @param shape of one example's, without the axis of rows; empty for a number
 */
public record TensorSpec(String name, List<Integer> shape) {

  /** Keeps an immutable copy. */
  public TensorSpec {
    shape = List.copyOf(shape);
  }
}
