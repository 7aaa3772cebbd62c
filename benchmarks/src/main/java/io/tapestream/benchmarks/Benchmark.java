package io.tapestream.benchmarks;

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
   * Measures what chance has a part in.
   *
   * @param seed of all that is drawn; a benchmark that draws nothing does without
   */
  default Report run(Pace pace, long seed) throws Exception {
    return run(pace);
  }
}
