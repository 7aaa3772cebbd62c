package io.tapestream.metrics;

import io.tapestream.tensor.Tensor;

/**
 * The share of outputs on the right side of the threshold: a prediction above it means 1, a label
 * is 0 or 1. An example with several outputs counts by the share that is right.
 *
 * <p>Predictions and labels: (n, …), equal in size.
 *
 * @param threshold 0.5 for probabilities, 0 for logits
 */
public record BinaryAccuracy(double threshold) implements Metric {

  /** For probabilities. */
  public BinaryAccuracy() {
    this(0.5);
  }

  @Override
  public String name() {
    return Accuracy.NAME;
  }

  @Override
  public Sums measure(Tensor predictions, Tensor labels, Tensor weights) {
    double[] predicted = predictions.toDoubles();
    double[] expected = labels.toDoubles();
    return Examples.weigh(
        weights,
        predicted.length,
        (row, width) -> {
          int right = 0;
          for (int i = row * width; i < (row + 1) * width; i++) {
            right += (predicted[i] > threshold) == (expected[i] > 0.5) ? 1 : 0;
          }
          return (double) right / width;
        });
  }
}
