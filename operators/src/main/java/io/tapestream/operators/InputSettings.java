package io.tapestream.operators;

import io.tapestream.tensor.Shape;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * How the value of a Kafka record becomes examples.
 *
 * @param format how the value is encoded
 * @param features names of the dense features, in the order their values are laid side by side
 * @param shape of one example as the model takes it, without the batch axis; its size is the
 *     features' sizes together
 * @param labels label values per example: 0 without labels, 1 for labels of shape (n), k for (n, k)
 */
public record InputSettings(
    RecordFormat format, List<String> features, List<Integer> shape, int labels)
    implements Serializable {

  public InputSettings {
    Objects.requireNonNull(format, "format");
    features = List.copyOf(features);
    shape = List.copyOf(shape);
    if (features.isEmpty()) {
      throw new IllegalArgumentException("no feature is named: name at least one");
    }
    if (shape.isEmpty() || shape.stream().anyMatch(d -> d < 1)) {
      throw new IllegalArgumentException("shape " + shape + ": give dimensions of at least 1");
    }
    if (labels < 0) {
      throw new IllegalArgumentException("labels is " + labels + ": give 0 or more");
    }
  }

  /** Values of one example: the product of {@link #shape}. */
  public int size() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  /** {@link #shape} as the model is built with it. */
  public Shape modelShape() {
    return Shape.of(shape.stream().mapToInt(d -> d).toArray());
  }
}
