package io.tapestream.jobs.cluster;

import io.tapestream.jobs.FlinkCluster;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/** Values of metrics at one moment, put together from the vertices that report them. */
final class RemoteMetrics implements FlinkCluster.Metrics {
  private final Map<String, Double> greatest = new HashMap<>();
  private final Map<String, Double> sums = new HashMap<>();

  /** Adds what one vertex reports; a value that is not a number is none. */
  void add(String name, double max, double sum) {
    if (!Double.isNaN(max)) {
      greatest.merge(name, max, Math::max);
      sums.merge(name, sum, Double::sum);
    }
  }

  @Override
  public OptionalDouble max(String name) {
    Double value = greatest.get(name);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  @Override
  public double sum(String name) {
    return sums.getOrDefault(name, 0.0);
  }
}
