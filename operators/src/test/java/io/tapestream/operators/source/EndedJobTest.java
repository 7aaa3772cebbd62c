package io.tapestream.operators.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.FormatType;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.server.TrainingStoppedException;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Stopped;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Partitions are added, or the parameter server stops, while a real Flink runs the source, which
 * has no records to read.
 */
class EndedJobTest {

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .build());

  private static volatile FakeBroker broker = new FakeBroker();

  /** Of all readers, as if they ran in one process. */
  private static volatile WeightReplica replica = newReplica();

  @TempDir Path directory;

  @Test
  @Timeout(60)
  void r3ASavepointThatStopsTheJobStopsItThoughPartitionsWereAddedBefore(
      @InjectMiniCluster MiniCluster cluster) throws Exception {
    JobClient job = start(cluster);
    addPartitions();

    String savepoint =
        job.stopWithSavepoint(false, directory.toUri().toString(), SavepointFormatType.CANONICAL)
            .get();

    assertThat(savepoint).startsWith("file:");
    job.getJobExecutionResult().get();
    assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.FINISHED);
  }

  @Test
  @Timeout(60)
  void r3TheJobEndsAtACheckpointAndNotAtASavepointThatLetsItRunOn(
      @InjectMiniCluster MiniCluster cluster) throws Exception {
    JobClient job = start(cluster);
    addPartitions();

    job.triggerSavepoint(directory.toUri().toString(), SavepointFormatType.CANONICAL).get();
    assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.RUNNING);
    var unused = cluster.triggerCheckpoint(job.getJobID());

    assertThatThrownBy(() -> job.getJobExecutionResult().get())
        .rootCause()
        .isInstanceOf(PartitionsAddedException.class)
        .hasMessageContaining("[clicks-2]");
  }

  @Test
  @Timeout(60)
  void r15ASavepointThatStopsTheJobStopsItThoughTheServerHadStoppedBefore(
      @InjectMiniCluster MiniCluster cluster) throws Exception {
    JobClient job = start(cluster);
    replica.receive(stoppedBefore(1)); // which will be the savepoint

    String savepoint =
        job.stopWithSavepoint(false, directory.toUri().toString(), SavepointFormatType.CANONICAL)
            .get();

    assertThat(savepoint).startsWith("file:");
    job.getJobExecutionResult().get();
    assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.FINISHED);
  }

  @Test
  @Timeout(60)
  void r15TheJobEndsAfterTheCheckpointAtWhichTheServerHasStopped(
      @InjectMiniCluster MiniCluster cluster) throws Exception {
    JobClient job = start(cluster);
    replica.receive(stoppedBefore(2));
    cluster.triggerCheckpoint(job.getJobID()).get();
    assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.RUNNING);

    var unused = cluster.triggerCheckpoint(job.getJobID());

    assertThatThrownBy(() -> job.getJobExecutionResult().get())
        .rootCause()
        .isInstanceOf(TrainingStoppedException.class)
        .hasMessageContaining("3 mini-batches in a row")
        .hasMessageContaining("It has come to clicks-1 offset 40");
  }

  private static Stopped stoppedBefore(long checkpoint) {
    return new Stopped(0, checkpoint, 3, List.of(-1L, 40L), 7);
  }

  private static WeightReplica newReplica() {
    return new WeightReplica(BlockLayout.ofElements(2, 2, 1), new Synchronous());
  }

  private JobClient start(MiniCluster cluster) throws Exception {
    broker = new FakeBroker();
    broker.partitions = 2;
    replica = newReplica();
    Configuration settings = new Configuration();
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofHours(1));
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory.toUri().toString());
    StreamExecutionEnvironment job = StreamExecutionEnvironment.getExecutionEnvironment(settings);
    job.setParallelism(2);
    job.fromSource(
            new Batches(settings()),
            WatermarkStrategy.noWatermarks(),
            "batches",
            new FormatType<>(Turn.class, TurnSerializer.INSTANCE))
        .sinkTo(new DiscardingSink<>());
    JobClient client = job.executeAsync();
    CommonTestUtils.waitForAllTaskRunning(cluster, client.getJobID(), false);
    return client;
  }

  private static SourceSettings settings() {
    return new SourceSettings(
        new KafkaSettings("localhost:1", Map.of()),
        FakeBroker.table(2),
        8,
        new OffsetPolicy.Earliest(),
        new OffsetPolicy.Unbounded(),
        null,
        new SourcePolicies(Duration.ofMillis(10), null, null, null, false, false));
  }

  private static void addPartitions() throws InterruptedException {
    broker.partitions = 3;
    awaitLooks(3); // one may have begun before, and what a look found is taken in by the next
  }

  /** Waits for so many more looks for added partitions. */
  private static void awaitLooks(int more) throws InterruptedException {
    broker.looks.drainPermits();
    broker.looks.acquire(more);
  }

  /** The gated source on a Kafka that is made up. */
  private record Batches(SourceSettings settings)
      implements Source<Turn, GatedSplit, GatedEnumeratorState> {

    @Override
    public Boundedness getBoundedness() {
      return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<Turn, GatedSplit> createReader(SourceReaderContext context) {
      return new GatedReader(
          new FakeKafkaReader(),
          settings.virtualWorkers(),
          settings.batchSize(),
          value -> 1,
          replica,
          settings.policies(),
          new HeldOffsets(() -> broker, false),
          null,
          context::sendSourceEventToCoordinator,
          () -> {},
          System::nanoTime,
          ThreadAlarm::new,
          new ReaderTimes(context.metricGroup(), System::nanoTime));
    }

    @Override
    public SplitEnumerator<GatedSplit, GatedEnumeratorState> createEnumerator(
        SplitEnumeratorContext<GatedSplit> context) {
      return restoreEnumerator(context, GatedEnumeratorState.FRESH);
    }

    @Override
    public SplitEnumerator<GatedSplit, GatedEnumeratorState> restoreEnumerator(
        SplitEnumeratorContext<GatedSplit> context, GatedEnumeratorState state) {
      return new GatedEnumerator(context, settings, () -> broker, state);
    }

    @Override
    public SimpleVersionedSerializer<GatedSplit> getSplitSerializer() {
      return new GatedSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<GatedEnumeratorState> getEnumeratorCheckpointSerializer() {
      return new GatedEnumeratorStateSerializer();
    }
  }
}
