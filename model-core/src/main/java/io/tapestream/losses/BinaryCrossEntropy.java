package io.tapestream.losses;

import io.tapestream.metrics.BinaryAccuracy;
import io.tapestream.metrics.Metric;
import io.tapestream.ops.Add;
import io.tapestream.ops.Clip;
import io.tapestream.ops.Log;
import io.tapestream.ops.Mean;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Negative;
import io.tapestream.ops.SigmoidCrossEntropy;
import io.tapestream.tensor.Tensor;

/**
 * {@code −y·ln p − (1 − y)·ln(1 − p)} in nats, averaged over an example's outputs, for labels y in
 * [0, 1] of the predictions' shape; Keras's {@code BinaryCrossentropy}. Prefer logits: they lose no
 * precision near 0 and 1.
 *
 * @param fromLogits whether predictions are logits z, with p = sigmoid(z); otherwise they are p
 *     itself, kept within [1e-7, 1 − 1e-7]
 */
public record BinaryCrossEntropy(boolean fromLogits) implements Loss {

  /** On probabilities, as Keras's default is. */
  public BinaryCrossEntropy() {
    this(false);
  }

  @Override
  public Tensor perExample(Tensor predictions, Tensor labels) {
    Tensor targets = Rows.labelsLike(predictions, labels, "BinaryCrossEntropy");
    Tensor rows = Rows.of(predictions);
    return Mean.of(
        fromLogits ? SigmoidCrossEntropy.of(rows, targets) : crossEntropy(rows, targets), 1);
  }

  private static Tensor crossEntropy(Tensor predictions, Tensor y) {
    Tensor p = Clip.of(predictions, Probabilities.EPSILON, 1 - Probabilities.EPSILON);
    Tensor likelihood =
        Add.of(
            Multiply.of(y, Log.of(p)),
            Multiply.of(Probabilities.complement(y), Log.of(Probabilities.complement(p))));
    return Negative.of(likelihood);
  }

  @Override
  public Metric accuracy() {
    return new BinaryAccuracy(fromLogits ? 0 : 0.5);
  }
}
