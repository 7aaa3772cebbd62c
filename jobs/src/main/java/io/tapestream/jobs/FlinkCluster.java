package io.tapestream.jobs;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A Flink cluster that jobs run on, in this process or elsewhere, and what it tells of them. */
public interface FlinkCluster extends AutoCloseable {

  /**
   * A failure of a job.
   *
   * @param time when it was noticed
   * @param reason with the causes that led to it
   */
  record Failure(Instant time, Throwable reason) {}

  /** Values that subtasks report under one name. */
  interface Metrics {
    /** The greatest value over the subtasks; empty when none reports. */
    OptionalDouble max(String name);

    /** The sum over the subtasks, 0 when none reports. */
    double sum(String name);
  }

  /**
   * Submits what has been built on {@code env} and returns at once.
   *
   * @param env the environment on which the job was built, with the job's settings
   * @param jars jars with the user's classes; loaded by the job's own class loader
   * @return the job: status, cancel, savepoints
   * @throws IllegalStateException if the cluster refuses the job; its reason is the cause
   */
  JobClient submit(StreamExecutionEnvironment env, String name, List<Path> jars);

  /** The job's end; exceptionally if it failed or was cancelled. */
  CompletableFuture<JobExecutionResult> result(JobClient job);

  /** What the job's tasks report now under some names; nothing while the cluster can't be asked. */
  Metrics metrics(JobClient job, Collection<String> names) throws InterruptedException;

  /** Why the job last failed, also when it has been restarted since; empty if it never has. */
  Optional<Failure> lastFailure(JobClient job) throws InterruptedException;

  /**
   * What the newest checkpoint that failed says of it; empty if none has, or while the cluster
   * can't be asked.
   */
  Optional<String> lastCheckpointFailure(JobClient job) throws InterruptedException;

  /** Ends the cluster if it belongs to this process, else the connection to it. */
  @Override
  void close();
}
