package io.tapestream.training;

import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How good predictions are.
 *
 * @param loss the weighted mean, or the sum for a loss that is a sum
 * @param metrics by name
 * @param examples that were seen
 */
public record Scores(double loss, Map<String, Double> metrics, int examples) {

  /** Keeps the order of the metrics. */
  public Scores {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * The value of a metric.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public double metric(String name) {
    Double value = metrics.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "no metric \"" + name + "\"; there are " + metrics.keySet());
    }
    return value;
  }

  static Scores of(Totals totals, Loss loss, List<Metric> metrics) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (int i = 0; i < metrics.size(); i++) {
      values.put(metrics.get(i).name(), totals.metricSums[i] / totals.metricWeights[i]);
    }
    return new Scores(
        loss.mean() ? totals.lossSum / totals.weightSum : totals.lossSum, values, totals.examples);
  }
}
