package io.tapestream.metrics;

import io.tapestream.metrics.Metric.Sums;
import io.tapestream.tensor.Tensor;

/** Goes through a batch example by example. */
final class Examples {

  /** What an example scores. */
  @FunctionalInterface
  interface Score {
    /**
     * Scores one.
     *
     * @param row of the example
     * @param width numbers per example
     */
    double of(int row, int width);
  }

  /** Sums the scores by their weights, in row order. */
  static Sums weigh(Tensor weights, int numbers, Score score) {
    double[] weight = weights.toDoubles();
    double sum = 0;
    double total = 0;
    for (int row = 0; row < weight.length; row++) {
      if (weight[row] != 0) {
        sum += weight[row] * score.of(row, numbers / weight.length);
        total += weight[row];
      }
    }
    return new Sums(sum, total);
  }

  /** The position of the largest number in a row, the first of equals. */
  static int argmax(double[] numbers, int row, int width) {
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (numbers[row * width + i] > numbers[row * width + best]) {
        best = i;
      }
    }
    return best;
  }

  private Examples() {}
}
