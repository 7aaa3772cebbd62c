package io.tapestream.metrics;

import io.tapestream.tensor.Tensor;

/**
 * The share of examples whose largest prediction is that of the labelled class: predictions (n,
 * classes), labels (n).
 */
public record SparseCategoricalAccuracy() implements Metric {
  @Override
  public String name() {
    return Accuracy.NAME;
  }

  @Override
  public Sums measure(Tensor predictions, Tensor labels, Tensor weights) {
    double[] predicted = predictions.toDoubles();
    double[] classes = labels.toDoubles();
    return Examples.weigh(
        weights,
        predicted.length,
        (row, width) -> Examples.argmax(predicted, row, width) == (int) classes[row] ? 1 : 0);
  }
}
