package io.tapestream.operators.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.VersionDirectory;
import io.tapestream.layers.Dense;
import io.tapestream.models.Sequential;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.server.BlockSnapshot;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole sink on a real (in-process) Flink, behind shards whose every value is the number of
 * records they have seen.
 */
@Timeout(120)
class VersionSinkTest {
  private static final int RECORDS = 400;

  @RegisterExtension
  private static final MiniClusterExtension FLINK =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(2)
              .setNumberSlotsPerTaskManager(2)
              .build());

  @TempDir Path directory;
  @TempDir Path checkpoints;

  @BeforeEach
  void reset() {
    Shards.failAfter.set(Long.MAX_VALUE);
    Shards.failed.set(false);
  }

  @Test
  void i5EachVersionHoldsWhatItsCheckpointCutAndTheLastOneLeavesInFinish() throws Exception {
    run("run-1", RECORDS);

    List<Long> numbers = versions().complete();
    assertThat(numbers).hasSizeGreaterThan(2);
    assertVersionsAreSound(numbers);
    Manifest last = versions().manifest(numbers.get(numbers.size() - 1));
    assertThat(last.round()).isEqualTo(RECORDS);
    assertThat(pendingFiles()).isEmpty();
  }

  @Test
  void afterAFailureVersionsGoOnWithoutAGapARepeatOrALoss() throws Exception {
    Shards.failAfter.set(RECORDS / 2);

    run("run-1", RECORDS);

    assertThat(Shards.failed).isTrue();
    List<Long> numbers = versions().complete();
    assertVersionsAreSound(numbers);
    assertThat(versions().manifest(numbers.get(numbers.size() - 1)).round()).isEqualTo(RECORDS);
  }

  @Test
  void aSecondRunGoesOnWithTheNumbersOfTheFirst() throws Exception {
    run("run-1", 50);
    long before = versions().newest().orElseThrow();

    run("run-2", 50);

    long after = versions().newest().orElseThrow();
    assertThat(after).isGreaterThan(before);
    assertThat(versions().manifest(after).run()).isEqualTo("run-2");
    assertThat(versions().complete()).hasSize((int) after);
  }

  @Test
  void r17WhatASavepointCutIsPublishedOnceByEverySubmissionThatStartsFromIt() throws Exception {
    StreamExecutionEnvironment first = environment(null);
    build(first, "run-1", Long.MAX_VALUE);
    JobClient job = first.executeAsync();
    while (versions().newest().isEmpty()) {
      Thread.sleep(20);
    }
    String savepoint =
        job.triggerSavepoint(checkpoints.toUri().toString(), SavepointFormatType.CANONICAL).get();
    job.cancel().get();
    while (!job.getJobStatus().get().isGloballyTerminalState()) {
      Thread.sleep(20);
    }

    for (String fork : List.of("run-2", "run-3")) {
      StreamExecutionEnvironment again = environment(savepoint);
      build(again, fork, Long.MAX_VALUE);
      JobClient forked = again.executeAsync();
      while (!versions().manifest(versions().newest().orElseThrow()).run().equals(fork)) {
        Thread.sleep(20);
      }
      forked.cancel().get();
      while (!forked.getJobStatus().get().isGloballyTerminalState()) {
        Thread.sleep(20);
      }
    }

    List<Manifest> all = manifests();
    long cutByFirst =
        all.stream()
            .filter(m -> m.run().equals("run-1"))
            .mapToLong(Manifest::checkpoint)
            .max()
            .orElseThrow();
    assertThat(all.stream().filter(m -> m.hasIdentity("run-1", cutByFirst))).hasSize(1);
    assertThat(all.stream().map(m -> m.run() + "/" + m.checkpoint())).doesNotHaveDuplicates();
  }

  @Test
  void r18TheWritersAreNeverChainedToTheServer() {
    StreamExecutionEnvironment env = environment(null);
    build(env, "run-1", 1);
    List<String> tasks = new ArrayList<>();
    env.getStreamGraph().getJobGraph().getVertices().forEach(task -> tasks.add(task.getName()));
    assertThat(tasks)
        .anySatisfy(name -> assertThat(name).contains("shards").doesNotContain("Writer"))
        .anySatisfy(name -> assertThat(name).contains("Writer").doesNotContain("shards"));
  }

  @Test
  void theSinkTakesTensorsAndMetricNamesFromTheModelAndItsSpecifications() throws Exception {
    try (Sequential model = Sequential.of(new Dense(3))) {
      model.build(Shape.of(2), 1);
      TrainingSettings settings = TestPlan.settings(directory, "run-1");
      assertThatThrownBy(() -> sinkOf(settings, model))
          .hasMessageContaining("the tensors end at 9, the server's layout at 7");
    }
    try (Sequential model = Sequential.of(new Dense(2), new Dense(1))) {
      model.build(Shape.of(1), 1);
      assertThat(sinkOf(TestPlan.settings(directory, "run-1"), model)).isNotNull();
    }
  }

  private static VersionSink sinkOf(TrainingSettings settings, Sequential model) {
    return VersionSink.of(
        settings, model.parameters(), VersionSinkTest.class.getClassLoader(), Retention.DEFAULT);
  }

  private void run(String run, long records) throws Exception {
    StreamExecutionEnvironment env = environment(null);
    build(env, run, records);
    env.execute();
  }

  private StreamExecutionEnvironment environment(String savepoint) {
    Configuration config = new Configuration();
    config.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
    config.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.DELETE_ON_CANCELLATION);
    config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 2);
    config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(50));
    if (savepoint != null) {
      config.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    }
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    env.enableCheckpointing(100);
    env.setParallelism(1);
    return env;
  }

  private void build(StreamExecutionEnvironment env, String run, long records) {
    env.fromSequence(1, records)
        .uid("source")
        .map(
            record -> {
              Thread.sleep(2);
              return record;
            })
        .uid("slow")
        .broadcast()
        .transform("shards", TypeInformation.of(BlockSnapshot.class), new Shards())
        .setParallelism(2)
        .uid("shards")
        .sinkTo(TestPlan.sink(directory, run))
        .setParallelism(2)
        .uid("versions");
  }

  private void assertVersionsAreSound(List<Long> numbers) throws IOException {
    long before = -1;
    long expected = 1;
    for (long number : numbers) {
      assertThat(number).isEqualTo(expected++);
      Manifest manifest = versions().manifest(number);
      manifest.verify(versions().path(number));
      assertThat(manifest.round()).isGreaterThan(before);
      before = manifest.round();
      float[] expectedVector = TestPlan.vector(manifest.round());
      SafeTensors.Contents weights =
          SafeTensors.read(versions().path(number).resolve(Manifest.WEIGHTS));
      for (PublishedTensor tensor : TestPlan.tensors()) {
        float[] values = weights.tensor(tensor.name()).toFloats();
        for (int i = 0; i < values.length; i++) {
          assertThat(values[i]).isEqualTo(expectedVector[tensor.offset() + i]);
        }
      }
      assertThat(manifest.topics().get("numbers")).containsEntry(0, 8 * manifest.round());
    }
    assertThat(manifests().stream().map(Manifest::checkpoint)).doesNotHaveDuplicates();
  }

  private List<Manifest> manifests() throws IOException {
    List<Manifest> all = new ArrayList<>();
    for (long number : versions().complete()) {
      all.add(versions().manifest(number));
    }
    return all;
  }

  private List<Path> pendingFiles() throws IOException {
    try (var files = Files.walk(versions().pending())) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private VersionDirectory versions() {
    return new VersionDirectory(directory, TestPlan.MODEL);
  }

  /**
   * Stands for the server's shards: two subtasks with one and two blocks, cut before each barrier
   * and in finish.
   */
  private static final class Shards extends AbstractStreamOperator<BlockSnapshot>
      implements OneInputStreamOperator<Long, BlockSnapshot> {
    private static final long serialVersionUID = 1L;
    static final AtomicLong failAfter = new AtomicLong();
    static final AtomicBoolean failed = new AtomicBoolean();

    private transient ListState<Long> state;
    private long round;
    private long published;

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
      super.initializeState(context);
      state =
          context
              .getOperatorStateStore()
              .getUnionListState(new ListStateDescriptor<>("round", Long.class));
      for (long restored : state.get()) {
        round = restored;
        published = restored;
      }
    }

    @Override
    public void processElement(StreamRecord<Long> element) {
      round++;
      if (round > failAfter.get() && !failed.getAndSet(true)) {
        throw new IllegalStateException("a shard fails at record " + round);
      }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpoint) {
      cut(checkpoint);
    }

    @Override
    public void finish() {
      cut(BlockSnapshot.LAST);
    }

    private void cut(long checkpoint) {
      if (round == published) {
        return;
      }
      published = round;
      int shard = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      for (int block = shard; block < 3; block += 2) {
        output.collect(new StreamRecord<>(TestPlan.block(block, checkpoint, round)));
      }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
      super.snapshotState(context);
      state.update(List.of(round));
    }
  }
}
