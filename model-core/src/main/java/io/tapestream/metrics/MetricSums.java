package io.tapestream.metrics;

import io.tapestream.metrics.Metric.Sums;
import java.util.Arrays;
import java.util.List;

/**
 * The sums of several metrics side by side, as steps and reports carry them: each metric's pairs,
 * metric after metric.
 *
 * @param metrics in their order
 */
public record MetricSums(List<Metric> metrics) {

  /** Keeps a copy. */
  public MetricSums {
    metrics = List.copyOf(metrics);
  }

  /** The number of pairs. */
  public int pairs() {
    return metrics.stream().mapToInt(Metric::pairs).sum();
  }

  /**
   * The value of a metric.
   *
   * @param sums of all metrics
   * @param weights of all metrics
   * @return NaN if no example counts, or the sums are those of other metrics
   */
  public double value(int metric, double[] sums, double[] weights) {
    if (sums.length != pairs()) {
      return Double.NaN;
    }
    int from = metrics.subList(0, metric).stream().mapToInt(Metric::pairs).sum();
    int to = from + metrics.get(metric).pairs();
    return metrics
        .get(metric)
        .value(new Sums(Arrays.copyOfRange(sums, from, to), Arrays.copyOfRange(weights, from, to)));
  }
}
