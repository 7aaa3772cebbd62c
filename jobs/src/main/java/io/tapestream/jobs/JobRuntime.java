package io.tapestream.jobs;

import io.tapestream.jobs.spec.JobSpec;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.CheckpointingMode;

/** What a training job asks of Flink; it travels with the job to any cluster. */
public final class JobRuntime {
  private static final Duration LEAST_RECOVERY = Duration.ofSeconds(5);

  private JobRuntime() {}

  /** The settings for a job as it is specified. */
  public static Configuration of(JobSpec spec) {
    Configuration settings = checkpoints(spec.checkpoints());
    settings.addAll(restarts(spec.restart(), spec.checkpoints().interval()));
    // A record waits for no buffer to fill: a round would cost 100 ms.
    settings.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
    // Records between chained operators are never written to after they were passed on.
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    // Every type has a serializer of its own, versioned; a type that has none is a mistake.
    settings.set(PipelineOptions.GENERIC_TYPES, false);
    settings.set(PipelineOptions.AUTO_WATERMARK_INTERVAL, Duration.ZERO);
    settings.set(PipelineOptions.MAX_PARALLELISM, spec.parallelism().maximum());
    return settings;
  }

  /** The same, to go on from a retained checkpoint or a savepoint. */
  public static Configuration restoring(JobSpec spec, String checkpoint) {
    Configuration settings = of(spec);
    settings.set(StateRecoveryOptions.SAVEPOINT_PATH, uri(checkpoint).toString());
    return settings;
  }

  /** A path without a scheme is a local one. */
  static URI uri(String directory) {
    URI uri = URI.create(directory.replace(" ", "%20"));
    return uri.getScheme() == null ? Path.of(directory).toAbsolutePath().normalize().toUri() : uri;
  }

  private static Configuration checkpoints(JobSpec.Checkpoints checkpoints) {
    Configuration settings = new Configuration();
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpoints.interval());
    settings.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    settings.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    settings.set(CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT, Duration.ZERO);
    settings.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, checkpoints.tolerate());
    settings.set(CheckpointingOptions.MAX_CONCURRENT_CHECKPOINTS, 1);
    settings.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    settings.set(
        CheckpointingOptions.CHECKPOINTS_DIRECTORY, uri(checkpoints.directory()).toString());
    settings.set(StateBackendOptions.STATE_BACKEND, checkpoints.backend());
    return settings;
  }

  private static Configuration restarts(JobSpec.Restart restart, Duration checkpoints) {
    Configuration settings = new Configuration();
    if (restart.attempts() == 0) {
      settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
      return settings;
    }
    Duration greatest = Duration.ofMinutes(1);
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_ATTEMPTS, restart.attempts());
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
        restart.delay().isZero() ? Duration.ofMillis(1) : restart.delay());
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
        restart.delay().compareTo(greatest) > 0 ? restart.delay() : greatest);
    settings.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_BACKOFF_MULTIPLIER, 2.0);
    // Who has run for two checkpoints has recovered: a later failure is not one in a row.
    Duration recovered = checkpoints.multipliedBy(2);
    settings.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_RESET_BACKOFF_THRESHOLD,
        recovered.compareTo(LEAST_RECOVERY) < 0 ? LEAST_RECOVERY : recovered);
    return settings;
  }
}
