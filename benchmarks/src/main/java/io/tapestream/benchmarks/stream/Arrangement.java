package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.FlinkCluster;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;

/** In which processes a benchmark's jobs run, and how their figures are read while they do. */
interface Arrangement extends AutoCloseable {

  /** The cluster that jobs are submitted to. */
  FlinkCluster flink();

  /**
   * What the running tasks count under some names, as it is at a moment between this call and its
   * return; none of it is from before.
   *
   * @throws IOException if a process does not tell
   */
  FlinkCluster.Metrics metrics(Collection<String> names) throws IOException, InterruptedException;

  /** Processor time so far of the broker's process and all of the cluster's, in nanoseconds. */
  long cpuNanos();

  /** Time between two readings that the job itself does not feel. */
  Duration pause();

  /** Ends every process that it has started. */
  @Override
  void close() throws IOException;
}
