package io.tapestream.training;

import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import java.util.List;

/**
 * What is asked of one output of a model.
 *
 * @param loss that falls
 * @param weight of this loss among those of the other outputs, finite and at least 0
 * @param metrics that are measured
 */
public record Goal(Loss loss, double weight, List<Metric> metrics) {

  /** Checks the weight, and resolves metrics that depend on the loss. */
  public Goal {
    if (!(weight >= 0 && Double.isFinite(weight))) {
      throw new IllegalArgumentException(
          "the weight of a loss must be a finite number of at least 0, got " + weight);
    }
    Loss ofLoss = loss;
    metrics = metrics.stream().map(metric -> metric.forLoss(ofLoss)).toList();
  }

  /** A loss that counts once. */
  public static Goal of(Loss loss, Metric... metrics) {
    return new Goal(loss, 1, List.of(metrics));
  }

  /** The same with this weight. */
  public Goal weighted(double newWeight) {
    return new Goal(loss, newWeight, metrics);
  }
}
