package io.tapestream.benchmarks.stream;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A stretch of a running job.
 *
 * @param seconds how long it is
 * @param records counted in it
 * @param cpuSeconds of the broker and the whole of Flink too
 * @param bytes up and down that were serialised
 * @param spent seconds by where the trainers spent them, summed over the trainers
 */
record Window(
    double seconds, long records, double cpuSeconds, long bytes, Map<String, Double> spent) {

  static final Window NONE = new Window(0, 0, 0, 0, Map.of());

  Window plus(Window other) {
    Map<String, Double> sum = new LinkedHashMap<>(spent);
    other.spent.forEach((where, time) -> sum.merge(where, time, Double::sum));
    return new Window(
        seconds + other.seconds,
        records + other.records,
        cpuSeconds + other.cpuSeconds,
        bytes + other.bytes,
        sum);
  }

  double recordsPerSecond() {
    return records / seconds;
  }

  double bytesPerSecond() {
    return bytes / seconds;
  }

  /** Processors kept busy. */
  double cores() {
    return cpuSeconds / seconds;
  }

  /** Percent of the trainers' time. */
  double percent(String where, int trainers) {
    return 100 * spent.getOrDefault(where, 0.0) / (seconds * trainers);
  }
}
