package io.tapestream.benchmarks;

import java.util.List;

/** One named measurement, found by {@link java.util.ServiceLoader}. */
public interface Benchmark {

  /** What {@code benchmarks/run} calls it. */
  String name();

  /** One line that says what is measured. */
  String summary();

  /**
   * Measures.
   *
   * @param pace how long it may take its time
   * @throws Exception whatever went wrong; a benchmark that could not measure prints no figure
   */
  Report run(Pace pace) throws Exception;

  /**
   * Measures a part of it, or what chance has a part in.
   *
   * @param seed of all that is drawn; a benchmark that draws nothing does without
   * @param only words that the rows which are measured have; empty for all rows
   * @throws IllegalArgumentException if there are words, and this benchmark measures all or nothing
   */
  default Report run(Pace pace, long seed, List<String> only) throws Exception {
    if (!only.isEmpty()) {
      throw new IllegalArgumentException(name() + " can't measure only " + only);
    }
    return run(pace);
  }
}
