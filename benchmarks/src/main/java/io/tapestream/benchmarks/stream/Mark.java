package io.tapestream.benchmarks.stream;

import com.sun.management.OperatingSystemMXBean;
import io.tapestream.jobs.embedded.JobMetrics;
import io.tapestream.operators.metrics.Measure;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A running job at one moment.
 *
 * @param nanos when, as {@link System#nanoTime}
 * @param records that have been counted
 * @param cpuNanos this process's processor time
 * @param bytes up and down that have been serialised
 * @param spent nanoseconds so far by where they went, summed over the trainers
 */
record Mark(long nanos, long records, long cpuNanos, long bytes, Map<String, Double> spent) {

  /** The trainers' counters of time, in the order in which a record meets them. */
  static final List<String> SPENT =
      List.of("read", "decode", "load", "forward", "backward", "push", "gateClosed", "noData");

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  static Mark now(JobMetrics metrics, String counted) {
    Map<String, Double> spent = new LinkedHashMap<>();
    SPENT.forEach(where -> spent.put(where, metrics.sum(where + "Nanos")));
    return new Mark(
        System.nanoTime(),
        (long) metrics.max(counted).orElse(0),
        SYSTEM.getProcessCpuTime(),
        (long) (metrics.sum(Measure.BYTES_UP.title()) + metrics.sum(Measure.BYTES_DOWN.title())),
        spent);
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
