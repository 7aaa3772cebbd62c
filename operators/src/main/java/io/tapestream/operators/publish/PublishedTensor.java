package io.tapestream.operators.publish;

import java.io.Serializable;
import java.util.List;

/**
 * One named tensor of the model and its place in the flat parameter vector.
 *
 * @param name as the model's parameter vector names it
 * @param shape its dimensions
 * @param offset of its first value in the flat vector
 */
public record PublishedTensor(String name, List<Integer> shape, int offset)
    implements Serializable {

  /** Keeps an immutable copy of the shape. */
  public PublishedTensor {
    shape = List.copyOf(shape);
  }

  /** Number of values. */
  public int size() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
