package io.tapestream.operators.metrics;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** A metric group that keeps what is registered, for tests. */
public final class CapturedMetrics extends UnregisteredMetricsGroup {

  private final Map<String, Metric> metrics = new HashMap<>();

  @Override
  public Counter counter(String name) {
    return keep(name, super.counter(name));
  }

  @Override
  public <C extends Counter> C counter(String name, C counter) {
    return keep(name, counter);
  }

  @Override
  public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
    return keep(name, gauge);
  }

  @Override
  public <M extends Meter> M meter(String name, M meter) {
    return keep(name, meter);
  }

  @Override
  public <H extends Histogram> H histogram(String name, H histogram) {
    return keep(name, histogram);
  }

  private <M extends Metric> M keep(String name, M metric) {
    if (metrics.put(name, metric) != null) {
      throw new AssertionError("metric " + name + " is registered twice");
    }
    return metric;
  }

  /** The names that were registered. */
  public Set<String> names() {
    return metrics.keySet();
  }

  /** What a counter has counted. */
  public long count(Measure measure) {
    return ((Counter) metrics.get(measure.title())).getCount();
  }

  /** What a histogram shows. */
  public HistogramStatistics histogram(Measure measure) {
    return ((Histogram) metrics.get(measure.title())).getStatistics();
  }

  /** What a gauge shows. */
  public Object value(String name) {
    return ((Gauge<?>) metrics.get(name)).getValue();
  }

  /** What a gauge shows. */
  public Object value(Measure measure) {
    return value(measure.title());
  }
}
