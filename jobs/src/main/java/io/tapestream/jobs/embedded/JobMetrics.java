package io.tapestream.jobs.embedded;

import io.tapestream.jobs.FlinkCluster;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.DoubleStream;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;

/**
 * The metrics of every task that runs in an {@link EmbeddedFlink}, read in process by their names.
 *
 * <p>A metric has one value for each subtask that reports it. It is here from the moment its task
 * registers it until the task ends. Gauges of numbers, counters (their count) and meters (events a
 * second) are kept; everything else, and every value that is not a number, is left out.
 *
 * <p>Thread-safe: tasks register while others read.
 */
public final class JobMetrics implements FlinkCluster.Metrics {
  private final Map<String, Set<Metric>> byName = new ConcurrentHashMap<>();

  JobMetrics() {}

  /** The value of each subtask that reports {@code name}, in no order; empty when none does. */
  public DoubleStream values(String name) {
    return byName.getOrDefault(name, Set.of()).stream()
        .mapToDouble(JobMetrics::number)
        .filter(value -> !Double.isNaN(value));
  }

  @Override
  public double sum(String name) {
    return values(name).sum();
  }

  @Override
  public OptionalDouble max(String name) {
    return values(name).max();
  }

  /** The least value over the subtasks. */
  public OptionalDouble min(String name) {
    return values(name).min();
  }

  private static double number(Metric metric) {
    if (metric instanceof Gauge<?> gauge) {
      return gauge.getValue() instanceof Number number ? number.doubleValue() : Double.NaN;
    }
    if (metric instanceof Counter counter) {
      return counter.getCount();
    }
    return metric instanceof Meter meter ? meter.getRate() : Double.NaN;
  }

  /** What Flink's registry tells of tasks that come and go. */
  MetricReporter reporter() {
    return new MetricReporter() {
      @Override
      public void open(MetricConfig config) {}

      @Override
      public void close() {
        byName.clear();
      }

      @Override
      public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        byName.compute(
            name,
            (n, metrics) -> {
              Set<Metric> known = metrics == null ? ConcurrentHashMap.newKeySet() : metrics;
              known.add(metric);
              return known;
            });
      }

      @Override
      public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        byName.computeIfPresent(
            name,
            (n, metrics) -> {
              metrics.remove(metric);
              return metrics.isEmpty() ? null : metrics;
            });
      }
    };
  }
}
