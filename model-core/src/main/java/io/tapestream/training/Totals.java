package io.tapestream.training;

import io.tapestream.metrics.Metric;
import io.tapestream.tensor.Tensor;
import java.util.List;

/** Sums of loss and metrics, in double, over examples in their order. */
final class Totals {
  double lossSum;
  double weightSum;
  int examples;
  final double[] metricSums;
  final double[] metricWeights;

  Totals(int metrics) {
    metricSums = new double[metrics];
    metricWeights = new double[metrics];
  }

  /** Measures a piece of a batch. */
  static Totals of(Batch piece, Tensor predictions, Tensor losses, List<Metric> metrics) {
    Totals totals = new Totals(metrics.size());
    double[] loss = losses.toDoubles();
    double[] weight = piece.weights().toDoubles();
    for (int row = 0; row < loss.length; row++) {
      if (weight[row] != 0) { // 0 · NaN is not 0
        totals.lossSum += weight[row] * loss[row];
        totals.weightSum += weight[row];
      }
    }
    totals.examples = piece.size();
    for (int i = 0; i < metrics.size(); i++) {
      Metric.Sums sums = metrics.get(i).measure(predictions, piece.labels(), piece.weights());
      totals.metricSums[i] = sums.sum();
      totals.metricWeights[i] = sums.weight();
    }
    return totals;
  }

  void add(Totals other) {
    lossSum += other.lossSum;
    weightSum += other.weightSum;
    examples += other.examples;
    for (int i = 0; i < metricSums.length; i++) {
      metricSums[i] += other.metricSums[i];
      metricWeights[i] += other.metricWeights[i];
    }
  }

  void add(StepResult other) {
    lossSum += other.lossSum();
    weightSum += other.weightSum();
    examples += other.examples();
    for (int i = 0; i < metricSums.length; i++) {
      metricSums[i] += other.metricSums()[i];
      metricWeights[i] += other.metricWeights()[i];
    }
  }
}
