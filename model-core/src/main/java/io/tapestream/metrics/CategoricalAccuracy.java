package io.tapestream.metrics;

import io.tapestream.tensor.Tensor;

/**
 * The share of examples whose largest prediction stands where the largest label does: both (n,
 * classes).
 */
public record CategoricalAccuracy() implements Metric {
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
        (row, width) ->
            Examples.argmax(predicted, row, width) == Examples.argmax(expected, row, width)
                ? 1
                : 0);
  }
}
