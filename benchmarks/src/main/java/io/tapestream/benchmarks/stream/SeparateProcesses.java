package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.FlinkCluster;
import io.tapestream.jobs.cluster.ClusterException;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RecordedProcess;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.embedded.FreePorts;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.TaskManagerOptions;

/**
 * The broker in this process, the job manager and each task manager in one of its own. A task
 * manager has one slot, for one trainer and, if there are as many, one shard: what is meant for the
 * other crosses the loopback interface.
 */
final class SeparateProcesses implements Arrangement {
  /** For weights of 100 MB: as state, as a round's sum, in the replica, on the way, as tensors. */
  private static final Map<String, String> MEMORY =
      Map.of(
          TaskManagerOptions.TASK_HEAP_MEMORY.key(), "2g",
          TaskManagerOptions.TASK_OFF_HEAP_MEMORY.key(), "1g",
          TaskManagerOptions.NETWORK_MEMORY_MIN.key(), "128m",
          TaskManagerOptions.NETWORK_MEMORY_MAX.key(), "128m",
          CoreOptions.FLINK_TM_JVM_OPTIONS.key(),
              "-Dorg.bytedeco.javacpp.maxBytes=1g -Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
                  // Or an answer of two packets waits 40 ms until the first is acknowledged.
                  + " -Dsun.net.httpserver.nodelay=true");

  private final LocalCluster cluster;
  private final RemoteFlink flink;
  private final MetricPages pages;
  private final List<ProcessHandle> processes;

  private SeparateProcesses(
      LocalCluster cluster, RemoteFlink flink, MetricPages pages, List<ProcessHandle> processes) {
    this.cluster = cluster;
    this.flink = flink;
    this.pages = pages;
    this.processes = processes;
  }

  /**
   * Starts a cluster.
   *
   * @param directory for its logs, settings and working files; new
   * @param taskManagers of one slot each
   */
  static SeparateProcesses start(Path directory, int taskManagers)
      throws ClusterException, IOException, InterruptedException {
    // A page for each process; which has which is the cluster's business.
    List<Integer> ports =
        Stream.generate(FreePorts::next).distinct().limit(taskManagers + 1).toList();
    Map<String, String> settings = new HashMap<>(MEMORY);
    settings.put(
        "metrics.reporter.prometheus.port",
        ports.stream().map(String::valueOf).collect(Collectors.joining(",")));
    LocalCluster cluster =
        LocalCluster.up(directory, ClusterShape.of(taskManagers, 1).with(settings));
    try {
      List<ProcessHandle> processes =
          cluster.processes().stream()
              .map(RecordedProcess::find)
              .map(found -> found.orElseThrow(() -> new IllegalStateException("a process ended")))
              .toList();
      return new SeparateProcesses(
          cluster,
          RemoteFlink.connect(cluster.address(), SeparateProcesses.class.getClassLoader()),
          new MetricPages(ports),
          processes);
    } catch (ClusterException | IOException | InterruptedException | RuntimeException e) {
      cluster.down();
      throw e;
    }
  }

  @Override
  public RemoteFlink flink() {
    return flink;
  }

  @Override
  public FlinkCluster.Metrics metrics(Collection<String> names)
      throws IOException, InterruptedException {
    return pages.read(names);
  }

  @Override
  public long cpuNanos() {
    long nanos = OneProcess.ofThisProcess();
    for (ProcessHandle process : processes) {
      nanos += process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
    }
    return nanos;
  }

  @Override
  public Duration pause() {
    return Duration.ofMillis(20);
  }

  @Override
  public void close() throws IOException {
    flink.close();
    try {
      cluster.down();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("not every process of " + cluster.directory() + " ended");
    }
  }
}
