package io.tapestream.losses;

import io.tapestream.metrics.Metric;
import io.tapestream.metrics.SparseCategoricalAccuracy;
import io.tapestream.ops.OneHot;
import io.tapestream.ops.SoftmaxCrossEntropy;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * {@code −ln p[class]} in nats, for labels that are class indices: predictions (n, classes), labels
 * (n); Keras's {@code SparseCategoricalCrossentropy}.
 *
 * @param fromLogits whether predictions are logits z, with p = softmax(z); otherwise they are p,
 *     divided by their sum and kept within [1e-7, 1 − 1e-7]
 */
public record SparseCategoricalCrossEntropy(boolean fromLogits) implements Loss {

  /** On probabilities, as Keras's default is. */
  public SparseCategoricalCrossEntropy() {
    this(false);
  }

  @Override
  public Tensor perExample(Tensor predictions, Tensor labels) {
    Tensor classes = Rows.classIndices(predictions, labels, "SparseCategoricalCrossEntropy");
    return fromLogits
        ? SoftmaxCrossEntropy.of(predictions, classes)
        : Probabilities.crossEntropy(
            predictions, OneHot.of(classes, predictions.dim(1), predictions.dtype()));
  }

  @Override
  public int labelClasses(Shape prediction) {
    return prediction.dim(prediction.rank() - 1);
  }

  @Override
  public Metric accuracy() {
    return new SparseCategoricalAccuracy();
  }
}
