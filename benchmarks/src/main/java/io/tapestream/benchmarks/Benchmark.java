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
}
