package io.tapestream.operators.publish;

import io.tapestream.models.ParameterVector;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * One named tensor of the model and its place in the flat parameter vector.
 *
 * @param name as the model's parameter vector names it
 * @param shape its dimensions
 * @param offset of its first value in the flat vector
 */
record PublishedTensor(String name, List<Integer> shape, int offset) implements Serializable {

  /** A model's parameter. */
  static PublishedTensor of(ParameterVector.Entry entry) {
    return new PublishedTensor(
        entry.name(), Arrays.stream(entry.shape().dims()).boxed().toList(), entry.offset());
  }

  /** Keeps an immutable copy of the shape. */
  public PublishedTensor {
    shape = List.copyOf(shape);
  }

  /** Number of values. */
  public int size() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
