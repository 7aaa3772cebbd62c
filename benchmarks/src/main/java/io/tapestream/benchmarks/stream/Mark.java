package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.FlinkCluster;
import io.tapestream.operators.metrics.Measure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A running job at one moment.
 *
 * @param nanos when, as {@link System#nanoTime}
 * @param records that have been counted
 * @param cpuNanos processor time of all that it runs on
 * @param bytes up and down that have been serialised
 * @param spent nanoseconds so far by where they went, summed over the trainers
 */
record Mark(long nanos, long records, long cpuNanos, long bytes, Map<String, Double> spent) {

  /** The trainers' counters of time, in the order in which a record meets them. */
  static final List<String> SPENT =
      List.of("read", "decode", "load", "forward", "backward", "push", "gateClosed", "noData");

  /** Before anything has been counted. */
  static Mark start() {
    return new Mark(System.nanoTime(), 0, 0, 0, Map.of());
  }

  /**
   * Reads the metrics, and takes for their time the middle of the reading.
   *
   * @param counted the metric that counts records
   */
  static Mark now(Arrangement arrangement, String counted)
      throws IOException, InterruptedException {
    List<String> names = new ArrayList<>();
    SPENT.forEach(where -> names.add(where + "Nanos"));
    names.addAll(List.of(counted, Measure.BYTES_UP.title(), Measure.BYTES_DOWN.title()));

    long asked = System.nanoTime();
    FlinkCluster.Metrics metrics = arrangement.metrics(names);
    long records = (long) metrics.max(counted).orElse(0);
    double bytes = metrics.sum(Measure.BYTES_UP.title()) + metrics.sum(Measure.BYTES_DOWN.title());
    Map<String, Double> spent = new LinkedHashMap<>();
    SPENT.forEach(where -> spent.put(where, metrics.sum(where + "Nanos")));
    long told = System.nanoTime();
    return new Mark(
        asked + (told - asked) / 2, records, arrangement.cpuNanos(), (long) bytes, spent);
  }

  /** What happened between two marks. */
  Window since(Mark before) {
    double seconds = (nanos - before.nanos) / 1e9;
    Map<String, Double> during = new LinkedHashMap<>();
    spent.forEach(
        (where, until) -> during.put(where, (until - before.spent.getOrDefault(where, 0.0)) / 1e9));
    return new Window(
        seconds,
        records - before.records,
        (cpuNanos - before.cpuNanos) / 1e9,
        bytes - before.bytes,
        during);
  }
}
