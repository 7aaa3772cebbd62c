package io.tapestream.losses;

import io.tapestream.metrics.CategoricalAccuracy;
import io.tapestream.metrics.Metric;
import io.tapestream.ops.SoftmaxCrossEntropy;
import io.tapestream.tensor.Tensor;

/**
 * {@code −Σ y·ln p} in nats, for labels y that are a distribution over the classes, such as one-hot
 * rows: predictions and labels (n, classes); Keras's {@code CategoricalCrossentropy}.
 *
 * @param fromLogits whether predictions are logits z, with p = softmax(z); otherwise they are p,
 *     divided by their sum and kept within [1e-7, 1 − 1e-7]
 */
public record CategoricalCrossEntropy(boolean fromLogits) implements Loss {

  /** On probabilities, as Keras's default is. */
  public CategoricalCrossEntropy() {
    this(false);
  }

  @Override
  public Tensor perExample(Tensor predictions, Tensor labels) {
    Tensor targets = Rows.labelsLike(predictions, labels, "CategoricalCrossEntropy");
    Tensor rows = Rows.of(predictions);
    return fromLogits
        ? SoftmaxCrossEntropy.of(rows, targets)
        : Probabilities.crossEntropy(rows, targets);
  }

  @Override
  public Metric accuracy() {
    return new CategoricalAccuracy();
  }
}
