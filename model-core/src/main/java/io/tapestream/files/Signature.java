package io.tapestream.files;

import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;

/**
 * What a model takes and what its outputs mean. The values of the named features of one example,
 * laid end to end in this order, fill {@code inputShape}: an image model has one feature and the
 * image's shape, a tabular model has many and their count.
 *
 * @param features names of the features in the order the model was trained with
 * @param inputShape shape of one example, without the batch axis
 * @param dtype element type of the input: {@code "float32"}
 * @param classes names of the outputs in their order; empty where they have none
 * @param inputs what a client gives: one tensor, named after the feature if there is one, else
 *     {@code "input"}
 * @param outputs what it gets; empty in versions of format 1, which do not say
 */
public record Signature(
    List<String> features,
    List<Integer> inputShape,
    String dtype,
    List<String> classes,
    List<TensorSignature> inputs,
    List<TensorSignature> outputs)
    implements Serializable {

  /** Checks names and dimensions, and keeps immutable copies. */
  public Signature {
    if (features == null || features.isEmpty()) {
      throw new IllegalArgumentException("the signature names no feature");
    }
    features = List.copyOf(features);
    if (new HashSet<>(features).size() != features.size()) {
      throw new IllegalArgumentException("the signature names a feature twice: " + features);
    }
    inputShape =
        List.copyOf(Objects.requireNonNull(inputShape, "the signature lacks \"inputShape\""));
    if (inputShape.stream().anyMatch(dim -> dim <= 0)) {
      throw new IllegalArgumentException(
          "the signature's inputShape is " + inputShape + ": every dimension must be positive");
    }
    Objects.requireNonNull(dtype, "the signature lacks \"dtype\"");
    classes = classes == null ? List.of() : List.copyOf(classes);
    List<TensorSignature> derived = List.of(input(features, inputShape));
    inputs = inputs == null ? derived : List.copyOf(inputs);
    if (inputs.size() != 1 || !inputs.get(0).shape().equals(derived.get(0).shape())) {
      throw new IllegalArgumentException(
          "the signature's inputs are %s, its inputShape %s".formatted(inputs, inputShape));
    }
    outputs = outputs == null ? List.of() : List.copyOf(outputs);
  }

  /** One that does not say what its outputs are. */
  public Signature(
      List<String> features, List<Integer> inputShape, String dtype, List<String> classes) {
    this(features, inputShape, dtype, classes, List.of());
  }

  /** One whose input is named after its only feature, or {@code "input"}. */
  public Signature(
      List<String> features,
      List<Integer> inputShape,
      String dtype,
      List<String> classes,
      List<TensorSignature> outputs) {
    this(features, inputShape, dtype, classes, List.of(input(features, inputShape)), outputs);
  }

  private static TensorSignature input(List<String> features, List<Integer> inputShape) {
    return TensorSignature.of(features.size() == 1 ? features.get(0) : "input", inputShape);
  }

  /** Number of values one example has. */
  public int inputSize() {
    return inputShape.stream().reduce(1, Math::multiplyExact);
  }
}
