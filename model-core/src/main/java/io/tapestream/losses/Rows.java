package io.tapestream.losses;

import io.tapestream.backend.Backends;
import io.tapestream.ops.Reshape;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** Predictions and labels as rows, one per example. */
final class Rows {

  /** (n, …) as (n, k). */
  static Tensor of(Tensor x) {
    if (x.rank() == 0) {
      throw new IllegalArgumentException(
          "predictions and labels are (n, …), one row per example, got a scalar");
    }
    return x.rank() == 2 ? x : Reshape.of(x, rows(x));
  }

  /** The labels in the shape of the predictions' rows, and of their type. */
  static Tensor labelsLike(Tensor predictions, Tensor labels, String loss) {
    if (labels.size() != predictions.size() || labels.dim(0) != predictions.dim(0)) {
      throw new IllegalArgumentException(
          loss
              + " compares predictions and labels of the same shape, got predictions "
              + predictions.shape()
              + " and labels "
              + labels.shape());
    }
    Tensor rows = labels.reshape(rows(predictions));
    if (rows.dtype() == predictions.dtype()) {
      return rows;
    }
    Tensor converted = Tensor.allocate(predictions.dtype(), rows.shape());
    Backends.of(predictions.dtype()).copy(rows, converted);
    return converted;
  }

  /** Checks that there is one class index per row. */
  static Tensor classIndices(Tensor predictions, Tensor labels, String loss) {
    if (predictions.rank() != 2 || labels.size() != predictions.dim(0)) {
      throw new IllegalArgumentException(
          loss
              + " takes predictions (n, classes) and labels (n), one class index per example, got predictions "
              + predictions.shape()
              + " and labels "
              + labels.shape());
    }
    return labels.reshape(Shape.of(predictions.dim(0)));
  }

  private static Shape rows(Tensor x) {
    int n = x.dim(0);
    return Shape.of(n, n == 0 ? x.shape().withoutFirst().size() : x.size() / n);
  }

  private Rows() {}
}
