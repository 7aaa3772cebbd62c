package io.tapestream.training;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Examples side by side. Most models take one tensor of features and learn one of labels; {@link
 * #features()} and {@link #labels()} are those.
 *
 * @param inputs per input of the model (n, …)
 * @param targets per output of the model (n) or (n, …), as its loss wants them
 * @param weights (n): how much each example counts; 0 for not at all
 */
public record Batch(List<Tensor> inputs, List<Tensor> targets, Tensor weights) {

  /** Checks that all hold the same number of examples. */
  public Batch {
    inputs = List.copyOf(inputs);
    targets = List.copyOf(targets);
    if (weights.rank() != 1
        || inputs.isEmpty()
        || !alike(inputs, weights.dim(0))
        || !alike(targets, weights.dim(0))) {
      throw new IllegalArgumentException(
          "a batch is features (n, …), labels (n, …) and weights (n), got "
              + shapes(inputs)
              + ", "
              + shapes(targets)
              + " and "
              + weights.shape());
    }
  }

  /** Of one tensor of features and one of labels. */
  public Batch(Tensor features, Tensor labels, Tensor weights) {
    this(List.of(features), List.of(labels), weights);
  }

  /** Examples that count alike. */
  public static Batch of(Tensor features, Tensor labels) {
    return of(List.of(features), List.of(labels));
  }

  /** Examples that count alike, for a model with several inputs or outputs. */
  public static Batch of(List<Tensor> inputs, List<Tensor> targets) {
    int n = inputs.isEmpty() || inputs.get(0).rank() == 0 ? 0 : inputs.get(0).dim(0);
    DType dtype =
        Stream.concat(inputs.stream(), targets.stream())
            .map(Tensor::dtype)
            .filter(DType::isFloating)
            .findFirst()
            .orElse(DType.FLOAT32);
    Tensor ones = Tensor.allocate(dtype, Shape.of(n));
    Backends.of(dtype).fill(ones, 1);
    return new Batch(inputs, targets, ones);
  }

  /**
   * The features, if they are one tensor.
   *
   * @throws IllegalStateException if there are several
   */
  public Tensor features() {
    return only(inputs, "inputs");
  }

  /**
   * The labels, if they are one tensor.
   *
   * @throws IllegalStateException if there are several
   */
  public Tensor labels() {
    return only(targets, "targets");
  }

  /** The number of examples. */
  public int size() {
    return weights.dim(0);
  }

  /** The examples {@code from … to-1}; shares memory. */
  public Batch slice(int from, int to) {
    return map(tensor -> tensor.slice(from, to));
  }

  /** The same examples, counting differently. */
  public Batch weighted(Tensor newWeights) {
    return new Batch(inputs, targets, newWeights);
  }

  /** A batch of what becomes of each tensor. */
  Batch map(Function<Tensor, Tensor> change) {
    return new Batch(
        inputs.stream().map(change).toList(),
        targets.stream().map(change).toList(),
        change.apply(weights));
  }

  /** Of so many inputs and then targets, and weights at the end, as {@link #tensors} gives them. */
  static Batch of(int inputs, List<Tensor> tensors) {
    int last = tensors.size() - 1;
    return new Batch(tensors.subList(0, inputs), tensors.subList(inputs, last), tensors.get(last));
  }

  /** All tensors: inputs, targets, weights. */
  List<Tensor> tensors() {
    return Stream.of(inputs.stream(), targets.stream(), Stream.of(weights))
        .flatMap(Function.identity())
        .toList();
  }

  private Tensor only(List<Tensor> tensors, String name) {
    if (tensors.size() != 1) {
      throw new IllegalStateException(
          "this batch has " + tensors.size() + " " + name + "; ask for " + name + "()");
    }
    return tensors.get(0);
  }

  private static boolean alike(List<Tensor> tensors, int n) {
    return tensors.stream().allMatch(tensor -> tensor.rank() > 0 && tensor.dim(0) == n);
  }

  private static String shapes(List<Tensor> tensors) {
    return tensors.size() == 1
        ? tensors.get(0).shape().toString()
        : tensors.stream().map(Tensor::shape).toList().toString();
  }
}
