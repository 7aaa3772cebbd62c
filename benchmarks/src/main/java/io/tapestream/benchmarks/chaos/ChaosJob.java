package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.chaos.Scenario.Parallelism;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.cluster.ClassPath;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The job of a scenario, as its file would say it. */
final class ChaosJob {
  static final String NAME = "chaos";

  private ChaosJob() {}

  /**
   * Submits a job, with the jar that its model's class is in.
   *
   * @param cluster which is closed with the job
   * @param restore the savepoint to go on from; null starts afresh
   */
  static RunningJob start(
      Scenario scenario,
      JobSpec spec,
      RemoteFlink cluster,
      @Nullable String restore,
      ClassLoader loader)
      throws Exception {
    Submission submission = Submission.of(spec, loader);
    return RunningJob.start(
        cluster,
        spec,
        restore == null ? submission : submission.restored(),
        List.of(ClassPath.jarOf(scenario.workload().modelClass())),
        restore,
        loader);
  }

  /**
   * The job's specification.
   *
   * @param directory where {@code checkpoints} go, and versions under {@code run}
   * @param factor how many times the scenario's records the job waits for
   */
  static JobSpec spec(
      Scenario scenario,
      Parallelism size,
      BrokerProcess broker,
      Path directory,
      String run,
      int factor)
      throws InvalidSpecException {
    String yaml =
        """
        name: %s
        source: {bootstrap: "%s", topic: %s, stop: offset %d}
        %sbatchSize: %d
        consistency: %s
        parallelism: {trainers: %d, shards: %d, blockFloats: 16384}
        checkpoints: {interval: 500 ms, directory: '%s', backend: %s}
        restart: {attempts: 100000, delay: 100 ms}
        publish: {directory: '%s', keep: 3}
        """
            .formatted(
                NAME,
                broker.bootstrapServers(),
                Records.TOPIC,
                scenario.records() / Scenario.PARTITIONS * factor,
                scenario.workload().model(scenario.records()),
                Scenario.BATCH,
                scenario.consistency(),
                size.trainers(),
                size.shards(),
                directory.resolve("checkpoints"),
                scenario.backend(),
                directory.resolve(run));
    return JobSpec.parse(yaml, "chaos.yaml");
  }
}
