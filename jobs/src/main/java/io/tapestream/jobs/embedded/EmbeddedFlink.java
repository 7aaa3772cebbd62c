package io.tapestream.jobs.embedded;

import io.tapestream.jobs.FlinkCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.runtime.checkpoint.FailedCheckpointStats;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.metrics.MetricRegistryConfiguration;
import org.apache.flink.runtime.metrics.MetricRegistryImpl;
import org.apache.flink.runtime.metrics.ReporterSetup;
import org.apache.flink.runtime.metrics.filter.ReporterFilter;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.minicluster.MiniClusterJobClient;
import org.apache.flink.runtime.minicluster.MiniClusterJobClient.JobFinalizationBehavior;
import org.apache.flink.runtime.minicluster.RpcServiceSharing;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A Flink cluster in this process: a job manager and some task managers, on ports of their own,
 * their working files in a directory of their own that {@link #close()} removes.
 *
 * <p>What a training job needs of Flink (its checkpoints, buffer timeout, restarts) travels with
 * the job, as on any cluster; here is only what belongs to a cluster: slots, memory, ports, class
 * loading.
 *
 * <pre>{@code
 * try (EmbeddedFlink flink = EmbeddedFlink.start(2, 1)) {
 *   StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
 *   ... // build the job
 *   JobClient job = flink.submit(env, "clicks", List.of());
 *   EmbeddedFlink.await(job);
 * }
 * }</pre>
 */
public final class EmbeddedFlink implements FlinkCluster {
  /** Packages that a job's own jar never brings along: one copy for the whole process. */
  private static final List<String> SHARED =
      List.of("io.tapestream.", "org.nd4j.", "org.bytedeco.", "org.apache.kafka.");

  /** A block's floats fill few of them; each that fills wakes its receiver. */
  private static final MemorySize NETWORK_BUFFER = new MemorySize(256 << 10);

  private static final int LEAST_NETWORK_BUFFERS = 256;

  private final MiniCluster cluster;
  private final Path directory;
  private final JobMetrics metrics;

  private EmbeddedFlink(MiniCluster cluster, Path directory, JobMetrics metrics) {
    this.cluster = cluster;
    this.directory = directory;
    this.metrics = metrics;
  }

  /** Starts a cluster with Tapestream's own settings. */
  public static EmbeddedFlink start(int taskManagers, int slotsEach) {
    return start(taskManagers, slotsEach, new Configuration());
  }

  /**
   * Starts a cluster and returns when its job manager answers and its task managers are on their
   * way.
   *
   * @param overrides cluster settings that win over Tapestream's own
   * @throws IllegalStateException if the cluster does not come up; its own message is the cause
   */
  public static EmbeddedFlink start(int taskManagers, int slotsEach, Configuration overrides) {
    Path directory;
    try {
      directory = Files.createTempDirectory("tapestream-flink-");
    } catch (IOException e) {
      throw new UncheckedIOException("can't make a directory for Flink's working files", e);
    }
    Configuration settings = settings(directory, taskManagers, slotsEach);
    settings.addAll(overrides);
    JobMetrics metrics = new JobMetrics();
    MiniClusterConfiguration shape =
        new MiniClusterConfiguration.Builder()
            .setConfiguration(settings)
            .setNumTaskManagers(taskManagers)
            .setNumSlotsPerTaskManager(slotsEach)
            .setRpcServiceSharing(RpcServiceSharing.SHARED)
            .withRandomPorts()
            .build();
    MiniCluster cluster = new ReadableMiniCluster(shape, metrics);
    EmbeddedFlink flink = new EmbeddedFlink(cluster, directory, metrics);
    try {
      cluster.start();
      return flink;
    } catch (Exception e) {
      flink.close();
      throw new IllegalStateException("the embedded Flink cluster did not start", e);
    }
  }

  /** The metrics of the tasks that are running now. */
  public JobMetrics metrics() {
    return metrics;
  }

  /** Where Flink's own pages and REST interface answer. */
  public URI webAddress() {
    return cluster.getRestAddress().join();
  }

  @Override
  public JobClient submit(StreamExecutionEnvironment env, String name, List<Path> jars) {
    var plan = env.getStreamGraph();
    plan.setJobName(name);
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    if (loader == null) {
      loader = EmbeddedFlink.class.getClassLoader();
    }
    JobGraph graph = plan.getJobGraph(loader, null);
    jars.forEach(jar -> graph.addJar(new org.apache.flink.core.fs.Path(jar.toUri())));
    try {
      JobID id = cluster.submitJob(graph).get().getJobID();
      return new MiniClusterJobClient(id, cluster, loader, JobFinalizationBehavior.NOTHING);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the cluster refused job " + name, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while submitting job " + name, e);
    }
  }

  /**
   * Waits until the job has ended.
   *
   * @throws ExecutionException if the job failed or was cancelled; the cause says why
   */
  public static void await(JobClient job) throws ExecutionException, InterruptedException {
    job.getJobExecutionResult().get();
  }

  @Override
  public CompletableFuture<JobExecutionResult> result(JobClient job) {
    return job.getJobExecutionResult();
  }

  @Override
  public Metrics metrics(JobClient job, Collection<String> names) {
    return metrics;
  }

  @Override
  public Optional<Failure> lastFailure(JobClient job) {
    ErrorInfo failure = cluster.getExecutionGraph(job.getJobID()).join().getFailureInfo();
    return Optional.ofNullable(failure)
        .map(
            info ->
                new Failure(
                    Instant.ofEpochMilli(info.getTimestamp()),
                    info.getException().deserializeError(EmbeddedFlink.class.getClassLoader())));
  }

  @Override
  public Optional<String> lastCheckpointFailure(JobClient job) {
    var checkpoints = cluster.getExecutionGraph(job.getJobID()).join().getCheckpointStatsSnapshot();
    return Optional.ofNullable(checkpoints)
        .map(all -> all.getHistory().getLatestFailedCheckpoint())
        .map(FailedCheckpointStats::getFailureMessage);
  }

  /** Ends one task manager as if its process had died; its tasks fail. Count from 0. */
  public void terminateTaskManager(int index) {
    cluster.terminateTaskManager(index).join();
  }

  /** Adds a task manager, in place of one that was terminated. */
  public void startTaskManager() {
    try {
      cluster.startTaskManager();
    } catch (Exception e) {
      throw new IllegalStateException("a task manager did not start", e);
    }
  }

  /** Stops the cluster with all its jobs and removes its working files. */
  @Override
  public void close() {
    try {
      cluster.closeAsync().join();
    } catch (CompletionException e) {
      throw new IllegalStateException("the embedded Flink cluster did not stop", e.getCause());
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("can't remove Flink's working files " + directory, e);
    }
  }

  private static Configuration settings(Path directory, int taskManagers, int slotsEach) {
    Configuration settings = new Configuration();
    // Trainers send to all shards and shards to all trainers: a buffer where a channel begins, two
    // where it ends, and some to spare.
    long channels = 2L * slotsEach * slotsEach * taskManagers;
    MemorySize network =
        new MemorySize(NETWORK_BUFFER.getBytes() * Math.max(LEAST_NETWORK_BUFFERS, 4 * channels));
    settings.set(CoreOptions.TMP_DIRS, directory.toString());
    settings.set(RestOptions.BIND_PORT, "0");
    settings.set(WebOptions.SUBMIT_ENABLE, false);
    settings.set(TaskManagerOptions.MEMORY_SEGMENT_SIZE, NETWORK_BUFFER);
    settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, network);
    settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, network);
    settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(32));
    settings.set(CoreOptions.ALWAYS_PARENT_FIRST_LOADER_PATTERNS_ADDITIONAL, SHARED);
    // Daemon threads of native libraries outlive a job; its class loader is then merely unused.
    settings.set(CoreOptions.CHECK_LEAKED_CLASSLOADER, false);
    return settings;
  }

  /** A mini cluster whose metric registry also tells {@link JobMetrics}. */
  @SuppressWarnings("try") // close() of the superclass may throw InterruptedException
  private static final class ReadableMiniCluster extends MiniCluster {
    private final JobMetrics metrics;

    ReadableMiniCluster(MiniClusterConfiguration shape, JobMetrics metrics) {
      super(shape);
      this.metrics = metrics;
    }

    @Override
    protected MetricRegistryImpl createMetricRegistry(
        Configuration settings, long maximumMessageBytes) {
      ReporterSetup reporter =
          new ReporterSetup(
              "tapestream",
              new MetricConfig(),
              metrics.reporter(),
              ReporterFilter.getNoOpFilter(),
              Map.of());
      return new MetricRegistryImpl(
          MetricRegistryConfiguration.fromConfiguration(settings, maximumMessageBytes),
          List.of(reporter));
    }
  }
}
