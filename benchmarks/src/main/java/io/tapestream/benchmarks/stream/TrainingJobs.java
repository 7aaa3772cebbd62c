package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Workload;
import io.tapestream.clipping.Clipping;
import io.tapestream.jobs.JobRuntime;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.TrainingJob;
import io.tapestream.jobs.embedded.EmbeddedFlink;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.jobs.spec.Lines;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.specs.Specs;
import io.tapestream.training.StepSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Submits the main job with a specification's defaults, but a checkpoint every second. */
final class TrainingJobs {
  private static final Duration CHECKPOINTS = Duration.ofSeconds(1);

  private final EmbeddedFlink flink;
  private final Path directory;

  /**
   * @param directory for versions and checkpoints
   */
  TrainingJobs(EmbeddedFlink flink, Path directory) {
    this.flink = flink;
    this.directory = directory;
  }

  /** Reads all partitions from their first record, a trainer for each, one server shard. */
  JobClient submit(Workload workload, Topic topic, int batch) throws Exception {
    ClassLoader loader = TrainingJobs.class.getClassLoader();
    JobSpec spec = spec(workload, topic, batch);
    Submission submission = Submission.of(spec, loader);
    try {
      StreamExecutionEnvironment env =
          StreamExecutionEnvironment.getExecutionEnvironment(JobRuntime.of(spec));
      TrainingJob.build(env, spec, submission, loader);
      return flink.submit(env, spec.name(), List.of());
    } finally {
      submission.model().close();
    }
  }

  private JobSpec spec(Workload workload, Topic topic, int batch) {
    try (Model model = workload.model()) {
      return new JobSpec(
          topic.name(),
          new JobSpec.Source(
              topic.bootstrap(),
              topic.name(),
              "avro",
              new JobSpec.Position.Earliest(),
              new JobSpec.Position.Never(),
              Map.of(),
              null,
              JobSpec.Policies.DEFAULT),
          new JobSpec.Input(
              List.of(Workload.FEATURE),
              Arrays.stream(workload.input().dims()).boxed().toList(),
              1,
              List.of()),
          Specs.toJson(model),
          Specs.toJson(workload.loss()),
          Specs.toJson(new Adam()),
          List.of(),
          batch,
          1,
          StepSettings.DEFAULT_PIECE_ROWS,
          "synchronous",
          JobSpec.Guard.DEFAULT,
          Clipping.NONE,
          new JobSpec.Parallelism(topic.partitions(), 1, 1, 128, BlockLayout.DEFAULT_BLOCK_FLOATS),
          new JobSpec.Checkpoints(
              CHECKPOINTS, directory.resolve("checkpoints").toString(), 0, "hashmap"),
          new JobSpec.Restart(0, Duration.ZERO),
          new JobSpec.Publish(directory.resolve("models").toString(), topic.name(), 10, 1, null),
          topic.name() + ".dead-letters",
          new Lines("the benchmark's job", Map.of()));
    }
  }
}
