package io.tapestream.benchmarks.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.JobFailedException;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.cluster.FlinkRest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * Looks at a job on a cluster while things happen to it, by the versions that it publishes: they
 * appear at each checkpoint that has seen another round, so it sees a round as late as the
 * checkpoints are apart.
 */
final class JobWatch {
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final RunningJob job;
  private final FlinkRest rest;

  JobWatch(RunningJob job, FlinkRest rest) {
    this.job = job;
    this.rest = rest;
  }

  /** Waits until the weights hold so many records. */
  void awaitRecords(long records) throws Exception {
    until(records + " records", () -> records() >= records);
  }

  /** Waits until a round is applied by tasks that were restored after some time. */
  void awaitRoundAfterRestore(Instant lost) throws Exception {
    until("a restore after " + lost, () -> restored(lost).isPresent());
    long from = restored(lost).orElseThrow();
    until(
        "a round after checkpoint " + from,
        () -> newest().filter(version -> version.checkpoint() > from).isPresent());
  }

  /** Waits until another round is applied than the last that was published. */
  void awaitRound() throws Exception {
    long last = newest().map(Manifest::round).orElse(0L);
    until(
        "a round after " + last,
        () -> newest().filter(version -> version.round() > last).isPresent());
  }

  /** Names of the task managers that run the job's tasks. */
  Set<String> taskManagers() throws IOException, InterruptedException {
    Set<String> names = new TreeSet<>();
    for (JsonNode vertex : rest.get(path()).path("vertices")) {
      String path = path() + "/vertices/" + vertex.path("id").asText();
      for (JsonNode subtask : rest.get(path).path("subtasks")) {
        names.add(subtask.path("taskmanager-id").asText());
      }
    }
    return names;
  }

  /** Waits for the job's end. */
  void awaitEnd() throws JobFailedException, InterruptedException {
    if (!job.await(PATIENCE)) {
      throw new IllegalStateException("the job has not ended after " + PATIENCE);
    }
  }

  /** The checkpoint that the tasks go on from, if that was read after some time. */
  private OptionalLong restored(Instant time) throws InterruptedException {
    try {
      JsonNode restored = rest.get(path() + "/checkpoints").path("latest").path("restored");
      return restored.path("restore_timestamp").longValue() >= time.toEpochMilli()
          ? OptionalLong.of(restored.path("id").longValue())
          : OptionalLong.empty();
    } catch (IOException jobManagerIsAway) {
      return OptionalLong.empty();
    }
  }

  private long records() throws IOException {
    return newest().map(Manifest::records).orElse(0L);
  }

  private Optional<Manifest> newest() throws IOException {
    VersionDirectory versions = job.versions();
    OptionalLong newest = versions.newest();
    return newest.isEmpty() ? Optional.empty() : Optional.of(versions.manifest(newest.getAsLong()));
  }

  private String path() {
    return "/jobs/" + job.client().getJobID();
  }

  private void until(String what, Callable<Boolean> holds) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!holds.call()) {
      if (job.await(PAUSE)) {
        throw new IllegalStateException("the job ended while it was waited for " + what);
      }
      if (Instant.now().isAfter(end)) {
        throw new IllegalStateException(
            "waited " + PATIENCE + " for " + what + "; last failure: " + job.lastFailure());
      }
    }
  }
}
