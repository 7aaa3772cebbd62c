package io.tapestream.jobs.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.jobs.FlinkCluster;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.deployment.ClusterClientJobClientAdapter;
import org.apache.flink.client.deployment.StandaloneClusterId;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.rest.util.RestClientException;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.jspecify.annotations.Nullable;

/**
 * A Flink cluster that is reached through its REST interface: one of {@link LocalCluster}'s, or any
 * other of the same Flink that has model-core and ND4J on its class path.
 *
 * <p>A job manager that is silent for a while, because another takes its place, is waited for.
 */
public final class RemoteFlink implements FlinkCluster {
  /** How long a job may be unheard of before it counts as lost. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final FlinkRest rest;
  private final Configuration settings;
  private final RestClusterClient<StandaloneClusterId> client;
  private final ClassLoader loader;

  /** Metrics that a job's vertices report, by vertex and by the metric's own name. */
  private final Map<String, Map<String, String>> metricIds = new HashMap<>();

  private RemoteFlink(
      FlinkRest rest,
      Configuration settings,
      RestClusterClient<StandaloneClusterId> client,
      ClassLoader loader) {
    this.rest = rest;
    this.settings = settings;
    this.client = client;
    this.loader = loader;
  }

  /**
   * Connects to a cluster.
   *
   * @param target {@code http://host:port} of its REST interface
   * @param loader finds the classes of a job's failures
   * @throws ClusterException if none answers there, or one of another Flink
   */
  public static RemoteFlink connect(URI target, ClassLoader loader)
      throws ClusterException, InterruptedException {
    if (!"http".equals(target.getScheme()) || target.getHost() == null || target.getPort() < 0) {
      throw new ClusterException("a target is http://host:port, not " + target);
    }
    FlinkRest rest = new FlinkRest(target);
    refuseOtherFlink(rest);
    Configuration settings = new Configuration();
    settings.set(RestOptions.ADDRESS, target.getHost());
    settings.set(RestOptions.PORT, target.getPort());
    settings.set(RestOptions.RETRY_MAX_ATTEMPTS, 30);
    settings.set(RestOptions.RETRY_DELAY, PAUSE);
    return new RemoteFlink(rest, settings, client(settings), loader);
  }

  private static RestClusterClient<StandaloneClusterId> client(Configuration settings) {
    try {
      return new RestClusterClient<>(settings, StandaloneClusterId.getInstance());
    } catch (Exception e) {
      throw new IllegalStateException("a client for a cluster's REST interface did not start", e);
    }
  }

  private static void refuseOtherFlink(FlinkRest rest)
      throws ClusterException, InterruptedException {
    String theirs;
    try {
      theirs = rest.get("/overview").path("flink-version").asText();
    } catch (IOException e) {
      throw new ClusterException(
          "no Flink cluster answers at "
              + rest.address()
              + "; start one with: tapestream cluster up, or correct --target",
          e);
    }
    String ours = EnvironmentInformation.getVersion();
    String minor = ours.substring(0, ours.lastIndexOf('.') + 1);
    if (!theirs.startsWith(minor)) {
      throw new ClusterException(
          "the cluster at "
              + rest.address()
              + (theirs.isEmpty() ? " is no Flink" : " runs Flink " + theirs)
              + ", and Tapestream's jobs are made for Flink "
              + minor
              + "x");
    }
  }

  /** Task slots that no job has taken; 0 also where the cluster adds task managers by itself. */
  public int freeSlots() throws IOException, InterruptedException {
    return rest.get("/overview").path("slots-available").intValue();
  }

  @Override
  public JobClient submit(StreamExecutionEnvironment env, String name, List<Path> jars) {
    var plan = env.getStreamGraph();
    plan.setJobName(name);
    JobGraph graph = plan.getJobGraph(loader, null);
    List<Path> sent = new ArrayList<>(ClassPath.ofTheJob());
    sent.addAll(jars);
    sent.forEach(jar -> graph.addJar(new org.apache.flink.core.fs.Path(jar.toUri())));
    try {
      return job(client.submitJob(graph).get());
    } catch (ExecutionException e) {
      throw new IllegalStateException("the cluster refused job " + name, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while submitting job " + name, e);
    }
  }

  /**
   * A job that runs here.
   *
   * @param nameOrId as submitted
   * @throws ClusterException if none, or more than one, is meant; those that run are listed
   */
  public JobClient find(String nameOrId)
      throws ClusterException, IOException, InterruptedException {
    List<JsonNode> running =
        StreamSupport.stream(rest.get("/jobs/overview").path("jobs").spliterator(), false)
            .filter(job -> job.path("end-time").longValue() < 0)
            .toList();
    List<JsonNode> meant =
        running.stream()
            .filter(
                job ->
                    job.path("name").asText().equals(nameOrId)
                        || job.path("jid").asText().equals(nameOrId))
            .toList();
    if (meant.size() != 1) {
      throw new ClusterException(
          (meant.isEmpty() ? "no job " : "more than one job ")
              + nameOrId
              + " runs at "
              + rest.address()
              + "; running: "
              + running.stream()
                  .map(job -> job.path("name").asText() + " " + job.path("jid").asText())
                  .toList());
    }
    return job(JobID.fromHexString(meant.get(0).path("jid").asText()));
  }

  private JobClient job(JobID id) {
    // It closes the client that it is given after every question.
    return new ClusterClientJobClientAdapter<>(() -> client(settings), id, loader);
  }

  /**
   * Takes a savepoint.
   *
   * @param directory where; null leaves it to the cluster's own setting
   * @param stop whether the job ends with it, so that nothing is learned after
   * @return where it lies, for {@code --restore}
   * @throws ClusterException if it fails
   */
  public String savepoint(JobClient job, @Nullable String directory, boolean stop)
      throws ClusterException, InterruptedException {
    try {
      CompletableFuture<String> taken =
          stop
              ? client.stopWithSavepoint(
                  job.getJobID(), false, directory, SavepointFormatType.CANONICAL)
              : client.triggerSavepoint(job.getJobID(), directory, SavepointFormatType.CANONICAL);
      return taken.get();
    } catch (ExecutionException e) {
      throw new ClusterException(
          "the savepoint of job %s failed%s"
              .formatted(
                  job.getJobID(),
                  directory == null
                      ? "; if the cluster has no place of its own for it"
                          + " (execution.checkpointing.savepoint-dir), say where with --directory"
                      : ""),
          e);
    }
  }

  @Override
  public CompletableFuture<JobExecutionResult> result(JobClient job) {
    return result(job, Instant.MAX);
  }

  private CompletableFuture<JobExecutionResult> result(JobClient job, Instant patientUntil) {
    return job.getJobExecutionResult()
        .exceptionallyCompose(
            failure -> {
              if (!isSilence(failure) || Instant.now().isAfter(patientUntil)) {
                return CompletableFuture.failedFuture(
                    failure instanceof CompletionException ? failure.getCause() : failure);
              }
              Instant until =
                  patientUntil.equals(Instant.MAX) ? Instant.now().plus(PATIENCE) : patientUntil;
              return CompletableFuture.runAsync(
                      () -> {},
                      CompletableFuture.delayedExecutor(PAUSE.toMillis(), TimeUnit.MILLISECONDS))
                  .thenCompose(paused -> result(job, until));
            });
  }

  /** Whether the job was not heard of: its job manager is away, or has not yet recovered it. */
  private static boolean isSilence(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RestClientException || cause instanceof IOException) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Metrics metrics(JobClient job, Collection<String> names) throws InterruptedException {
    RemoteMetrics values = new RemoteMetrics();
    try {
      String path = "/jobs/" + job.getJobID() + "/vertices/";
      for (JsonNode vertex : rest.get("/jobs/" + job.getJobID()).path("vertices")) {
        String metrics = path + vertex.path("id").asText() + "/subtasks/metrics";
        Map<String, String> ids = ids(metrics, names);
        if (!ids.isEmpty()) {
          String wanted = String.join(",", ids.keySet());
          for (JsonNode value : rest.get(metrics + "?agg=max,sum&get=" + wanted)) {
            String name = ids.get(value.path("id").asText());
            if (name != null) {
              values.add(name, value.path("max").asDouble(), value.path("sum").asDouble());
            }
          }
        }
      }
      return values;
    } catch (IOException silence) {
      return new RemoteMetrics();
    }
  }

  /** The identifiers, {@code Operator.name}, under which a vertex reports some of the names. */
  private Map<String, String> ids(String metrics, Collection<String> names)
      throws IOException, InterruptedException {
    Map<String, String> known = metricIds.get(metrics);
    if (known != null) {
      return known;
    }
    Map<String, String> ids = new HashMap<>();
    for (JsonNode metric : rest.get(metrics)) {
      String id = metric.path("id").asText();
      String name = id.substring(id.lastIndexOf('.') + 1);
      if (names.contains(name)) {
        ids.put(id, name);
      }
    }
    if (!ids.isEmpty()) {
      metricIds.put(metrics, ids);
    }
    return ids;
  }

  @Override
  public Optional<Failure> lastFailure(JobClient job) throws InterruptedException {
    try {
      JsonNode newest =
          rest.get("/jobs/" + job.getJobID() + "/exceptions?maxExceptions=1")
              .path("exceptionHistory")
              .path("entries")
              .path(0);
      return newest.isMissingNode()
          ? Optional.empty()
          : Optional.of(
              new Failure(
                  Instant.ofEpochMilli(newest.path("timestamp").longValue()),
                  ToldException.of(newest.path("stacktrace").asText())));
    } catch (IOException silence) {
      return Optional.empty();
    }
  }

  @Override
  public Optional<String> lastCheckpointFailure(JobClient job) throws InterruptedException {
    try {
      JsonNode failed = rest.get("/jobs/" + job.getJobID() + "/checkpoints").path("latest");
      String reason = failed.path("failed").path("failure_message").asText("");
      return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
    } catch (IOException silence) {
      return Optional.empty();
    }
  }

  /** Disconnects; jobs go on. */
  @Override
  public void close() {
    client.close();
  }
}
