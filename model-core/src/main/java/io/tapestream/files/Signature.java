package io.tapestream.files;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What a model takes: the dense features of one example, whose values are laid end to end in this
 * order and then read as {@code inputShape}.
 *
 * <p>An image model has one feature of shape (28, 28, 1), which is also its input shape; a tabular
 * model has many scalar features, and an input shape of their count.
 *
 * @param features the features in the order the model was trained with
 * @param inputShape shape of one example, without the batch axis
 * @param dtype element type of the input, as Tapestream writes it: {@code "float32"}
 * @param classes names of the outputs in their order, or empty where they have none
 */
public record Signature(
    List<Feature> features, List<Integer> inputShape, String dtype, List<String> classes) {

  /**
   * One named dense feature.
   *
   * @param name its name in the training examples and in named prediction requests
   * @param shape its shape in one example; empty for a single number
   */
  public record Feature(String name, List<Integer> shape) {
    /** Checks the name and the dimensions. */
    public Feature {
      if (name == null || name.isBlank()) {
        throw new IllegalArgumentException("a feature of the signature has no name");
      }
      shape = copyOfShape(shape, "the shape of feature \"" + name + "\"");
    }

    /** Number of values the feature has in one example. */
    public int size() {
      return product(shape);
    }
  }

  /** Checks that the features fill the input exactly. */
  public Signature {
    if (features == null || features.isEmpty()) {
      throw new IllegalArgumentException("the signature names no feature");
    }
    features = List.copyOf(features);
    inputShape = copyOfShape(inputShape, "the signature's inputShape");
    Objects.requireNonNull(dtype, "the signature lacks \"dtype\"");
    classes = classes == null ? List.of() : List.copyOf(classes);
    int given = features.stream().mapToInt(Feature::size).sum();
    if (given != product(inputShape)) {
      throw new IllegalArgumentException(
          "the features "
              + features.stream().map(f -> f.name() + f.shape()).collect(Collectors.joining(", "))
              + " hold "
              + given
              + " values per example, the input shape "
              + inputShape
              + " takes "
              + product(inputShape));
    }
  }

  /** Number of values one example has. */
  public int inputSize() {
    return product(inputShape);
  }

  private static List<Integer> copyOfShape(List<Integer> shape, String what) {
    Objects.requireNonNull(shape, what + " is missing");
    for (int dim : shape) {
      if (dim <= 0) {
        throw new IllegalArgumentException(
            what + " is " + shape + ": every dimension must be positive");
      }
    }
    return List.copyOf(shape);
  }

  private static int product(List<Integer> shape) {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
