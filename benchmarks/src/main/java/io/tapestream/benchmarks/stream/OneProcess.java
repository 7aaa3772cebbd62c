package io.tapestream.benchmarks.stream;

import com.sun.management.OperatingSystemMXBean;
import io.tapestream.jobs.FlinkCluster;
import io.tapestream.jobs.embedded.EmbeddedFlink;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Collection;

/** Broker, job manager and one task manager with two slots, all in this process. */
final class OneProcess implements Arrangement {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final EmbeddedFlink flink = EmbeddedFlink.start(1, 2);

  @Override
  public EmbeddedFlink flink() {
    return flink;
  }

  @Override
  public FlinkCluster.Metrics metrics(Collection<String> names) {
    return flink.metrics(); // read as they are asked for
  }

  @Override
  public long cpuNanos() {
    return ofThisProcess();
  }

  /** Processor time of this process, in nanoseconds. */
  static long ofThisProcess() {
    return SYSTEM.getProcessCpuTime();
  }

  @Override
  public Duration pause() {
    return Duration.ofMillis(5);
  }

  @Override
  public void close() {
    flink.close();
  }
}
