package io.tapestream.training;

import io.tapestream.tensor.Tensor;
import java.util.List;

/** Sums of loss and metrics, in double, over examples in their order. */
final class Totals {
  double lossSum;
  double weightSum;
  int examples;
  final double[] metricSums;
  final double[] metricWeights;

  Totals(Objective objective) {
    metricSums = new double[objective.pairs()];
    metricWeights = new double[objective.pairs()];
  }

  /** Measures a piece of a batch. */
  static Totals of(Batch piece, List<Tensor> predictions, Tensor losses, Objective objective) {
    Totals totals = new Totals(objective);
    double[] loss = losses.toDoubles();
    double[] weight = piece.weights().toDoubles();
    for (int row = 0; row < loss.length; row++) {
      if (weight[row] != 0) { // 0 · NaN is not 0
        totals.lossSum += weight[row] * loss[row];
        totals.weightSum += weight[row];
      }
    }
    totals.examples = piece.size();
    objective.measure(predictions, piece, totals.metricSums, totals.metricWeights);
    return totals;
  }

  void add(Totals other) {
    lossSum += other.lossSum;
    weightSum += other.weightSum;
    examples += other.examples;
    add(other.metricSums, other.metricWeights);
  }

  void add(StepResult other) {
    lossSum += other.lossSum();
    weightSum += other.weightSum();
    examples += other.examples();
    add(other.metricSums(), other.metricWeights());
  }

  private void add(double[] sums, double[] weights) {
    for (int i = 0; i < metricSums.length; i++) {
      metricSums[i] += sums[i];
      metricWeights[i] += weights[i];
    }
  }
}
