package io.tapestream.training;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * Examples side by side.
 *
 * @param features (n, …)
 * @param labels (n) or (n, …), as the loss wants them
 * @param weights (n): how much each example counts; 0 for not at all
 */
public record Batch(Tensor features, Tensor labels, Tensor weights) {

  /** Checks that all hold the same number of examples. */
  public Batch {
    if (features.rank() == 0
        || labels.rank() == 0
        || weights.rank() != 1
        || labels.dim(0) != features.dim(0)
        || weights.dim(0) != features.dim(0)) {
      throw new IllegalArgumentException(
          "a batch is features (n, …), labels (n, …) and weights (n), got "
              + features.shape()
              + ", "
              + labels.shape()
              + " and "
              + weights.shape());
    }
  }

  /** Examples that count alike. */
  public static Batch of(Tensor features, Tensor labels) {
    int n = features.rank() == 0 ? 0 : features.dim(0);
    DType dtype = features.dtype();
    Tensor ones = Tensor.allocate(dtype, Shape.of(n));
    Backends.of(dtype).fill(ones, 1);
    return new Batch(features, labels, ones);
  }

  /** The number of examples. */
  public int size() {
    return features.dim(0);
  }

  /** The examples {@code from … to-1}; shares memory. */
  public Batch slice(int from, int to) {
    return new Batch(features.slice(from, to), labels.slice(from, to), weights.slice(from, to));
  }
}
