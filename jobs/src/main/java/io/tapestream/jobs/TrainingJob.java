package io.tapestream.jobs;

import static org.apache.flink.configuration.CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT;
import static org.apache.flink.configuration.CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE;
import static org.apache.flink.configuration.CheckpointingOptions.CHECKPOINTING_INTERVAL;
import static org.apache.flink.configuration.CheckpointingOptions.ENABLE_UNALIGNED;

import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.metrics.Metric;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.deadletters.DeadLetterRecord;
import io.tapestream.operators.deadletters.DeadLetters;
import io.tapestream.operators.metrics.Measure.Part;
import io.tapestream.operators.publish.Retention;
import io.tapestream.operators.publish.VersionSink;
import io.tapestream.operators.server.BlockSnapshot;
import io.tapestream.operators.server.Delivery;
import io.tapestream.operators.server.ServerOperator;
import io.tapestream.operators.server.ServerPlan;
import io.tapestream.operators.server.ServerTypes;
import io.tapestream.operators.source.GatedKafkaSource;
import io.tapestream.operators.source.Turn;
import io.tapestream.operators.train.TrainerOperator;
import io.tapestream.operators.weights.WeightReturnOperator;
import io.tapestream.parameterserver.Message;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The main job: a network learns from a stream.
 *
 * <pre>
 *   batches ─► train ═ by block ═► parameter server ═ by process ═► weights
 *      ▲         │                       │                         │
 *      │         └─► dead letters        └─► versions              │
 *      └──────────── the gate opens, in the same process ◄─────────┘
 *
 *   ─►  chained, or one to one      ═►  by network
 * </pre>
 *
 * <p>Its ends are passed in, so that a test runs the same job on sources and sinks of its own.
 */
public final class TrainingJob {
  /** Keeps each trainer and its weight return in one slot, so in one process (R11). */
  private static final String TRAINER_GROUP = "trainer";

  /**
   * Where the job begins and ends.
   *
   * @param batches gated mini-batches
   * @param versions what leaves at checkpoints
   * @param deadLetters what could not be learned from
   */
  public record Ends(
      Source<Turn, ?, ?> batches,
      Sink<BlockSnapshot> versions,
      Sink<DeadLetterRecord> deadLetters) {}

  /**
   * How many subtasks, and what the operators are told.
   *
   * @param metrics names, in the order of the settings' specifications
   * @param trainers subtasks that read and train
   * @param shards subtasks of the parameter server
   * @param maxShards most shards that a checkpoint of this job can be restored with
   */
  public record Shape(List<String> metrics, int trainers, int shards, int maxShards) {}

  private TrainingJob() {}

  /**
   * Builds the job between the ends that its specification names: from Kafka to the version
   * directory, dead letters to their topic.
   *
   * @param loader finds the user's classes
   * @throws IllegalStateException as the other {@code build} does
   */
  public static void build(
      StreamExecutionEnvironment env, JobSpec spec, Submission submission, ClassLoader loader) {
    TrainingSettings settings = submission.settings();
    JobSpec.Parallelism parallelism = spec.parallelism();
    build(
        env,
        settings,
        new Shape(
            submission.metrics().stream().map(Metric::name).toList(),
            parallelism.trainers(),
            parallelism.shards(),
            parallelism.maximum()),
        new Ends(
            new GatedKafkaSource(settings),
            VersionSink.of(
                settings,
                submission.model().parameters(),
                loader,
                Retention.keeping(
                    spec.publish().keep(), spec.publish().keepAge().orElse(Duration.ZERO))),
            DeadLetters.sink(settings.source().kafka(), spec.deadLetters())));
  }

  /**
   * Builds the job on an environment with {@link JobRuntime}'s settings.
   *
   * @throws IllegalStateException if the environment's checkpoints would not cut every shard at the
   *     same round (R8)
   */
  public static void build(
      StreamExecutionEnvironment env, TrainingSettings settings, Shape shape, Ends ends) {
    refuseOtherCheckpoints(env.getConfiguration());
    ServerPlan plan = ServerPlan.of(settings, shape.metrics(), shape.maxShards());

    SingleOutputStreamOperator<Turn> batches =
        env.fromSource(ends.batches(), WatermarkStrategy.noWatermarks(), Part.SOURCE.operator())
            .setParallelism(shape.trainers())
            .uid("batches");
    // On the head of the chain: on a chained operator Flink ignores it without a word.
    batches.getTransformation().setCoLocationGroupKey(TRAINER_GROUP);

    SingleOutputStreamOperator<Message> contributions =
        batches
            .transform(Part.TRAINER.operator(), ServerTypes.MESSAGE, new TrainerOperator(settings))
            .setParallelism(shape.trainers())
            .uid("train");

    SingleOutputStreamOperator<Delivery> weights =
        contributions
            .keyBy(plan.keys(), Types.INT)
            .transform(Part.SERVER.operator(), ServerTypes.DELIVERY, new ServerOperator(plan))
            .setParallelism(shape.shards())
            .setMaxParallelism(shape.maxShards())
            .uid("parameter-server");

    weights
        .partitionCustom(new Delivery.Address(), new Delivery.Address())
        .transform(
            Part.WEIGHTS.operator(),
            Types.VOID,
            new WeightReturnOperator(settings.server().layout(), settings.server().consistency()))
        .setParallelism(shape.trainers())
        .uid("weights")
        .getTransformation()
        .setCoLocationGroupKey(TRAINER_GROUP);

    weights
        .getSideOutput(ServerOperator.SNAPSHOTS)
        .sinkTo(ends.versions())
        .setParallelism(shape.shards())
        .name("Versions")
        .uid("versions");

    contributions
        .getSideOutput(DeadLetters.OUTPUT)
        .sinkTo(ends.deadLetters())
        .setParallelism(shape.trainers())
        .name("Dead letters")
        .uid("dead-letters");
  }

  /** Only an aligned, exactly-once checkpoint cuts all shards, and so a version, at one round. */
  private static void refuseOtherCheckpoints(ReadableConfig settings) {
    if (settings.getOptional(CHECKPOINTING_INTERVAL).isEmpty()) {
      throw new IllegalStateException(
          "checkpoints are off, so nothing would be published: set "
              + CHECKPOINTING_INTERVAL.key());
    }
    if (settings.get(CHECKPOINTING_CONSISTENCY_MODE) != CheckpointingMode.EXACTLY_ONCE) {
      throw new IllegalStateException(
          CHECKPOINTING_CONSISTENCY_MODE.key()
              + " is at-least-once, which counts records twice after a failure: set it to"
              + " EXACTLY_ONCE");
    }
    if (settings.get(ENABLE_UNALIGNED)) {
      throw new IllegalStateException(
          ENABLE_UNALIGNED.key()
              + " is on, and shards would be cut at different rounds: set it to false");
    }
    if (settings.get(ALIGNED_CHECKPOINT_TIMEOUT).compareTo(Duration.ZERO) != 0) {
      throw new IllegalStateException(
          ALIGNED_CHECKPOINT_TIMEOUT.key()
              + " would turn a slow checkpoint unaligned, and shards would be cut at different"
              + " rounds: set it to 0 s");
    }
  }
}
