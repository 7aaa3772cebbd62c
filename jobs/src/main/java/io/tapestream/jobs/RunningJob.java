package io.tapestream.jobs;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.progress.Progress;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.metrics.Metric;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.jspecify.annotations.Nullable;

/** A training job that runs on a Flink cluster, and what can be seen of it. */
public class RunningJob implements AutoCloseable {
  private static final Duration RATE_WINDOW = Duration.ofSeconds(5);

  /** How many records the weights held at a time. */
  private record Told(long nanos, long records) {}

  private final JobSpec spec;
  private final List<String> metricNames;
  private final FlinkCluster cluster;
  private final JobClient client;
  private final CompletableFuture<JobExecutionResult> result;
  private final VersionDirectory versions;

  // the last progress that was told; a task that has ended tells nothing any more
  private final Deque<Told> told = new ArrayDeque<>();
  private long records;
  private long round;
  private long deadLetters;
  private Instant failureTold = Instant.EPOCH;

  /**
   * A job that has been submitted.
   *
   * @param cluster which it runs on, and which is closed with it
   */
  RunningJob(JobSpec spec, List<String> metricNames, FlinkCluster cluster, JobClient client) {
    this.spec = spec;
    this.metricNames = metricNames;
    this.cluster = cluster;
    this.client = client;
    this.result = cluster.result(client);
    this.versions =
        new VersionDirectory(Storage.path(spec.publish().directory()), spec.publish().name());
  }

  /**
   * Starts a job on a cluster.
   *
   * @param cluster which is closed with the job
   * @param jars with the user's classes
   * @param restore a retained checkpoint or a savepoint to go on from; null starts afresh
   * @param loader finds the user's classes here, as the cluster will find them in the jars
   * @throws IllegalStateException if the cluster refuses the job; its reason is the cause
   */
  public static RunningJob start(
      FlinkCluster cluster,
      JobSpec spec,
      Submission submission,
      List<Path> jars,
      @Nullable String restore,
      ClassLoader loader) {
    return new RunningJob(
        spec, names(submission), cluster, submit(cluster, spec, submission, jars, restore, loader));
  }

  /** Builds the job and submits it. */
  static JobClient submit(
      FlinkCluster cluster,
      JobSpec spec,
      Submission submission,
      List<Path> jars,
      @Nullable String restore,
      ClassLoader loader) {
    Configuration settings =
        restore == null ? JobRuntime.of(spec) : JobRuntime.restoring(spec, restore);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
    TrainingJob.build(env, spec, submission, loader);
    return cluster.submit(env, spec.name(), jars);
  }

  static List<String> names(Submission submission) {
    return submission.metrics().stream().map(Metric::name).toList();
  }

  /**
   * Waits a while for the job's end.
   *
   * @return whether it has ended well
   * @throws JobFailedException if it has failed or was cancelled
   */
  public boolean await(Duration time) throws InterruptedException, JobFailedException {
    try {
      result.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException running) {
      return false;
    } catch (ExecutionException e) {
      throw JobFailedException.of(spec.name(), explained(Reasons.unwrapped(e)));
    }
  }

  /** With what the cluster tells of it, where a failure says too little. */
  private Throwable explained(Throwable failure) throws InterruptedException {
    return FailedCheckpointsException.explains(failure)
        ? FailedCheckpointsException.of(
            failure, spec.checkpoints(), cluster.lastCheckpointFailure(client))
        : failure;
  }

  /** How far it is now. To be asked by one thread. */
  public Progress progress() throws IOException, InterruptedException {
    FlinkCluster.Metrics metrics = cluster.metrics(client, reported());
    records = Math.max(records, (long) metrics.max(Measure.RECORDS.title()).orElse(0));
    round = Math.max(round, (long) metrics.max(Measure.ROUND.title()).orElse(0));
    Map<String, Double> values = new LinkedHashMap<>();
    for (String name : metricNames) {
      metrics.max(name).ifPresent(value -> values.put(name, value));
    }
    OptionalDouble loss = metrics.max(Measure.LOSS.title());
    OptionalLong newest = versions.newest();
    Duration age = Duration.ZERO;
    if (newest.isPresent()) {
      Manifest manifest = versions.manifest(newest.getAsLong());
      age = Duration.between(manifest.created(), Instant.now());
      if (manifest.job().equals(client.getJobID().toString())) {
        records = Math.max(records, manifest.records()); // the last ones, when no task is left
        round = Math.max(round, manifest.round());
      }
    }
    deadLetters = Math.max(deadLetters, (long) metrics.sum(Measure.REJECTED.title()));
    return new Progress(
        records,
        recordsPerSecond(),
        round,
        loss,
        values,
        deadLetters,
        newest.orElse(0),
        age.isNegative() ? Duration.ZERO : age);
  }

  private List<String> reported() {
    List<String> names = new ArrayList<>(metricNames);
    names.add(Measure.RECORDS.title());
    names.add(Measure.ROUND.title());
    names.add(Measure.LOSS.title());
    names.add(Measure.REJECTED.title());
    return names;
  }

  /**
   * Why the job is restarting, told once for each failure; empty while it runs well. To be asked by
   * one thread.
   */
  public Optional<String> newFailure() throws InterruptedException {
    try {
      if (client.getJobStatus().get() != JobStatus.RESTARTING) {
        return Optional.empty();
      }
    } catch (ExecutionException e) {
      return Optional.empty(); // it is ending, and await() tells how
    }
    Optional<FlinkCluster.Failure> failure =
        cluster.lastFailure(client).filter(last -> last.time().isAfter(failureTold));
    if (failure.isEmpty()) {
      return Optional.empty();
    }
    failureTold = failure.get().time();
    return Optional.of(String.join("; because ", Reasons.of(explained(failure.get().reason()))));
  }

  /** Why the job last failed, also when it runs again; empty if it never has. */
  public List<String> lastFailure() throws InterruptedException {
    return cluster
        .lastFailure(client)
        .map(failure -> Reasons.of(failure.reason()))
        .orElse(List.of());
  }

  /** Over the last seconds, so that it shows the pace and not the moment. */
  private double recordsPerSecond() {
    long now = System.nanoTime();
    told.addLast(new Told(now, records));
    while (told.size() > 2 && now - told.getFirst().nanos() > RATE_WINDOW.toNanos()) {
      told.removeFirst();
    }
    Told first = told.getFirst();
    return now == first.nanos() ? 0 : (records - first.records()) / ((now - first.nanos()) / 1e9);
  }

  /** The job as Flink knows it. */
  public JobClient client() {
    return client;
  }

  /** The versions that it publishes. */
  public VersionDirectory versions() {
    return versions;
  }

  /**
   * Where the newest checkpoint lies that is kept when the job is cancelled; empty if there is none
   * yet, or if checkpoints are not kept in a directory of this machine.
   */
  public Optional<Path> newestCheckpoint() {
    URI root = JobRuntime.uri(spec.checkpoints().directory());
    if (!"file".equals(root.getScheme())) {
      return Optional.empty();
    }
    Path directory = Path.of(root).resolve(client.getJobID().toHexString());
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    try (Stream<Path> checkpoints = Files.list(directory)) {
      return checkpoints
          .filter(path -> Files.exists(path.resolve("_metadata")))
          .max(Comparator.comparingLong(RunningJob::number));
    } catch (IOException e) {
      throw new UncheckedIOException("can't look for checkpoints in " + directory, e);
    }
  }

  private static long number(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().replaceAll("\\D", ""));
  }

  /** Leaves the job running and closes the connection to its cluster. */
  public void leave() {
    cluster.close();
  }

  /** Cancels the job if it runs, and closes the cluster. */
  @Override
  public void close() {
    if (!result.isDone()) {
      try {
        client.cancel().get(20, TimeUnit.SECONDS);
        result.get(20, TimeUnit.SECONDS);
      } catch (ExecutionException | TimeoutException cancelled) {
        // Cancelled, or so stuck that only the cluster's end helps.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    cluster.close();
  }
}
