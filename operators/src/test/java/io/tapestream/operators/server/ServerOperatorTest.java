package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.server.TestShards.Checkpoint;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.optimizers.Step;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.ProtocolException;
import io.tapestream.parameterserver.Stopped;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.schedules.CosineDecay;
import io.tapestream.schedules.ExponentialDecay;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.LongStream;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFinalizer;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFutures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ServerOperatorTest {

  private static final ServerPlan PLAN = plan(List.of("a-0", "a-1", "a-2"), 1);

  static List<StateBackend> backends() {
    return List.of(
        new HashMapStateBackend(),
        new EmbeddedRocksDBStateBackend(),
        new EmbeddedRocksDBStateBackend(true)); // incremental checkpoints
  }

  @Test
  void r10AFreshStartEmitsTheInitialWeightsAndEachRoundTheNextOnes() throws Exception {
    try (TestShards shards = new TestShards(PLAN, 2, null)) {
      assertThat(shards.newest().keySet()).containsExactly(0, 1, 2, 3, 4);
      assertThat(shards.vector())
          .isEqualTo(PLAN.model().initialValues(getClass().getClassLoader()));

      shards.contribute(2, 0);
      shards.contribute(0, 0);
      assertThat(shards.newest().values()).extracting(Weights::round).containsOnly(0L);
      shards.contribute(1, 0);
      assertThat(shards.newest().values()).extracting(Weights::round).containsOnly(1L);
    }
  }

  @Test
  void aJobThatGoesOnFromAVersionCountsOnFromItsRoundsAndRecords() throws Exception {
    ServerPlan goingOn =
        new ServerPlan(
            new TestModel(new Adam(0.1), true, 20, 10, 1_000),
            PLAN.consistency(),
            PLAN.layout(),
            PLAN.virtualWorkers(),
            1,
            PLAN.metrics(),
            PLAN.maxParallelism());
    try (TestShards shards = new TestShards(goingOn, 2, null)) {
      assertThat(shards.newest().get(4).round()).isEqualTo(10);
      assertThat(shards.newest().get(4).roundOf(2, 0)).isEqualTo(10);
      shards.checkpoint(1);
      assertThat(shards.snapshots()).as("nothing was learned yet").isEmpty();

      rounds(shards, 0, 1);
      shards.checkpoint(2);

      assertThat(shards.snapshots()).extracting(BlockSnapshot::round).containsOnly(11L);
      assertThat(shards.snapshots()).extracting(BlockSnapshot::records).containsOnly(1_012L);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void r10ARestoreAnswersTheFirstHelloWithAllWeights(StateBackend backend) throws Exception {
    float[] atTheCut;
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(PLAN, backend, 2, null)) {
      rounds(shards, 0, 2);
      atTheCut = shards.vector();
      checkpoint = shards.checkpoint(1);
    }
    try (TestShards restored = new TestShards(PLAN, backend, 3, checkpoint)) {
      assertThat(restored.newest().keySet()).containsExactly(0, 1, 2, 3, 4);
      assertThat(restored.vector()).isEqualTo(atTheCut);
    }
  }

  @Test
  void r10NothingLeavesBeforeAHelloAndEachProcessIsServedOnce() throws Exception {
    int blocks = PLAN.layout().count();
    try (TestShards shards = new TestShards(PLAN, 2, null)) {
      assertThat(shards.addressed()).isEqualTo(Map.of(0, (long) blocks));

      shards.greet(1, TestShards.REPLICA); // beside the first, in the same process
      assertThat(shards.addressed()).isEqualTo(Map.of(0, (long) blocks));

      shards.greet(2, new UUID(0, 2));
      assertThat(shards.addressed()).isEqualTo(Map.of(0, (long) blocks, 2, (long) blocks));

      rounds(shards, 0, 1);
      assertThat(shards.addressed()).isEqualTo(Map.of(0, 2L * blocks, 2, 2L * blocks));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void i2ARestoreInTheMiddleOfARoundGoesOnWithTheSameBits(StateBackend backend) throws Exception {
    float[] expected = uninterrupted(3);
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(PLAN, backend, 2, null)) {
      rounds(shards, 0, 1);
      shards.contribute(2, 1); // held
      shards.contribute(0, 1); // in the sum
      checkpoint = shards.checkpoint(7);
      shards.contribute(1, 1); // lost with the attempt
    }
    try (TestShards restored = new TestShards(PLAN, backend, 2, checkpoint)) {
      assertThat(restored.newest().values()).extracting(Weights::round).containsOnly(1L);
      Weights any = restored.newest().get(0);
      assertThat(any.applied()).containsExactly(1, 1, 1);
      restored.contribute(1, 1);
      rounds(restored, 2, 3);
      assertThat(restored.vector()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void i2ARescaleFromOneShardToTwoToThreeToOneKeepsTheSameBits(StateBackend backend)
      throws Exception {
    float[] expected = uninterrupted(4);
    Checkpoint checkpoint = null;
    float[] vector = null;
    int round = 0;
    for (int parallelism : new int[] {1, 2, 3, 1}) {
      try (TestShards shards = new TestShards(PLAN, backend, parallelism, checkpoint)) {
        rounds(shards, round, round + 1);
        round++;
        vector = shards.vector();
        checkpoint = shards.checkpoint(round);
      }
    }
    assertThat(vector).isEqualTo(expected);
  }

  @Test
  void i2AScheduleGivesTheSameBitsOnAnyNumberOfShardsAsOnOneArray() throws Exception {
    Optimizer adam = new Adam(new CosineDecay(0, 5, 0.1, 0.1, 3));
    float[] expected = PLAN.model().initialValues(getClass().getClassLoader());
    float[][] slots = adam.newSlots(expected.length);
    for (int round = 0; round < 6; round++) {
      adam.update(expected, mean(round), slots, 0, expected.length, Step.of(round + 1));
    }

    for (int parallelism = 1; parallelism <= 3; parallelism++) {
      try (TestShards shards =
          new TestShards(plan(adam, PLAN.virtualWorkers(), 1), parallelism, null)) {
        rounds(shards, 0, 6);
        assertThat(shards.vector()).as("%d shards", parallelism).isEqualTo(expected);
      }
    }
  }

  @Test
  void r15AfterSoManySkippedBatchesEachCheckpointIsToldOfAndPublishesNothing() throws Exception {
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(stoppingAfterTwo("run 1"), 2, null)) {
      rounds(shards, 0, 1);
      shards.skip(0, 1);
      shards.checkpoint(1);
      assertThat(stops(shards)).as("one is not enough").isEmpty();
      int published = shards.snapshots().size();
      shards.skip(1, 1);
      shards.contribute(2, 1);

      checkpoint = shards.checkpoint(2);
      shards.shard(0).notifyOfCompletedCheckpoint(2); // which may be a savepoint that stops the job

      assertThat(shards.snapshots()).as("no version of such weights").hasSize(published);
      assertThat(stops(shards)).as("one of each shard").hasSize(2);
      for (Stopped stop : stops(shards)) {
        assertThat(stop.checkpoint()).isEqualTo(2);
        assertThat(stop.received()).containsExactly(8L, 8L, 8L);
        assertThat(stop.provenRound()).isZero();
        assertThat(TrainingStoppedException.of(stop, PLAN.virtualWorkers()))
            .hasMessageContaining("2 mini-batches in a row")
            .hasMessageContaining("a-0 offset 8, a-1 offset 8, a-2 offset 8");
      }
    }
    try (TestShards restarted = new TestShards(stoppingAfterTwo("run 1"), 1, checkpoint)) {
      restarted.checkpoint(3);
      assertThat(stops(restarted))
          .as("a restart decides alike")
          .extracting(Stopped::checkpoint)
          .containsExactly(3L);
    }
    try (TestShards resubmitted = new TestShards(stoppingAfterTwo("run 2"), 3, checkpoint)) {
      assertThat(resubmitted.newest().values())
          .as("a new submission goes on")
          .extracting(Weights::round)
          .containsOnly(2L);
      resubmitted.skip(0, 2);
      resubmitted.checkpoint(3);
      assertThat(stops(resubmitted)).isEmpty();
    }
  }

  private static List<Stopped> stops(TestShards shards) {
    return shards.replies().stream()
        .filter(Stopped.class::isInstance)
        .map(Stopped.class::cast)
        .toList();
  }

  private static ServerPlan stoppingAfterTwo(String run) {
    return new ServerPlan(
        PLAN.model(),
        PLAN.consistency(),
        PLAN.layout(),
        PLAN.virtualWorkers(),
        1,
        PLAN.metrics(),
        PLAN.maxParallelism(),
        2,
        false,
        run);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void i5TheSnapshotBeforeTheBarrierHoldsTheWeightsThatTheCheckpointRestores(StateBackend backend)
      throws Exception {
    Checkpoint checkpoint;
    Map<Integer, float[]> published = new TreeMap<>();
    try (TestShards shards = new TestShards(PLAN, backend, 2, null)) {
      rounds(shards, 0, 2);
      shards.contribute(0, 2);
      checkpoint = shards.checkpoint(9);
      shards.contribute(2, 2);
      shards.contribute(1, 2);
      for (BlockSnapshot snapshot : shards.snapshots()) {
        assertThat(snapshot.checkpoint()).isEqualTo(9);
        assertThat(snapshot.round()).isEqualTo(2);
        assertThat(snapshot.learned()).containsExactly(8, 8, 8);
        assertThat(snapshot.records()).isEqualTo(24);
        assertThat(snapshot.report().weight()).isEqualTo(24);
        assertThat(snapshot.report().loss()).isEqualTo(3 * (2.0 + 4.0) / 24);
        published.put(snapshot.block(), snapshot.values());
      }
    }
    try (TestShards restored = new TestShards(PLAN, backend, 3, checkpoint)) {
      assertThat(published.keySet()).containsExactly(0, 1, 2, 3, 4);
      restored
          .newest()
          .forEach(
              (block, weights) -> assertThat(weights.values()).isEqualTo(published.get(block)));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void r12ACheckpointThatIsStillBeingWrittenDoesNotSeeTheNextRounds(StateBackend backend)
      throws Exception {
    float[] atTheCut;
    OperatorSnapshotFutures writing;
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(PLAN, backend, 1, null)) {
      rounds(shards, 0, 2);
      atTheCut = shards.vector();
      writing =
          shards
              .shard(0)
              .getOperator()
              .snapshotState(
                  5,
                  5,
                  CheckpointOptions.forCheckpointWithDefaultLocation(),
                  new MemCheckpointStreamFactory(1 << 20));
      rounds(shards, 2, 5);
      assertThat(shards.vector()).isNotEqualTo(atTheCut);
      checkpoint =
          new Checkpoint(1, OperatorSnapshotFinalizer.create(writing).getJobManagerOwnedState());
    }
    try (TestShards restored = new TestShards(PLAN, backend, 1, checkpoint)) {
      assertThat(restored.vector()).isEqualTo(atTheCut);
    }
  }

  @Test
  void r18ACheckpointPublishesWhenItsRoundIsDueOnEveryShardAlike() throws Exception {
    ServerPlan everyThree = plan(PLAN.virtualWorkers(), 3);
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(everyThree, 3, null)) {
      shards.checkpoint(1); // nothing learned yet
      rounds(shards, 0, 1);
      shards.checkpoint(2); // round 1: not due
      rounds(shards, 1, 4);
      shards.checkpoint(3); // round 4, past 3: due
      rounds(shards, 4, 5);
      checkpoint = shards.checkpoint(4); // round 5: not due
      assertThat(shards.snapshots())
          .extracting(BlockSnapshot::checkpoint)
          .containsExactly(3L, 3L, 3L, 3L, 3L);
    }
    try (TestShards restored = new TestShards(everyThree, 1, checkpoint)) {
      rounds(restored, 5, 6);
      restored.checkpoint(5); // round 6: due, and what was published is part of the state
      assertThat(restored.snapshots()).hasSize(5);
      assertThat(restored.snapshots().get(0).report().records()).isEqualTo(2 * 3 * 4);
    }
  }

  @Test
  void r18ShardsAgreeAgainAfterACheckpointThatOnlyOneOfThemCameTo() throws Exception {
    try (TestShards shards = new TestShards(plan(PLAN.virtualWorkers(), 3), 2, null)) {
      rounds(shards, 0, 4);
      shards.shard(0).prepareSnapshotPreBarrier(1); // given up before shard 1 was reached
      rounds(shards, 4, 6);
      shards.checkpoint(2);
      assertThat(shards.snapshots())
          .filteredOn(snapshot -> snapshot.checkpoint() == 2)
          .extracting(BlockSnapshot::block)
          .containsExactly(0, 1, 2, 3, 4);
    }
  }

  @Test
  void r18FinishPublishesWhatIsNewOnceAndNothingTwice() throws Exception {
    try (TestShards shards = new TestShards(PLAN, 1, null)) {
      rounds(shards, 0, 2);
      shards.leave(0, 2);
      shards.leave(1, 2);
      shards.leave(2, 2);
      shards.shard(0).getOperator().finish();
      shards.shard(0).prepareSnapshotPreBarrier(8);

      assertThat(shards.snapshots())
          .extracting(BlockSnapshot::checkpoint)
          .containsOnly(BlockSnapshot.LAST)
          .hasSize(5);
      assertThat(shards.snapshots().get(0).round()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void r3APartitionThatIsNewAtARestoreJoinsFromTheNextRound(StateBackend backend) throws Exception {
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(PLAN, backend, 2, null)) {
      rounds(shards, 0, 1);
      shards.contribute(2, 1);
      checkpoint = shards.checkpoint(3);
    }
    ServerPlan grown = plan(List.of("a-0", "a-1", "a-10", "a-2"), 1);
    try (TestShards restored = new TestShards(grown, backend, 1, checkpoint)) {
      Weights weights = restored.newest().get(4);
      assertThat(weights.applied()).containsExactly(1, 1, 0, 1);
      assertThat(weights.roundOf(2, 0)).isEqualTo(2);
      restored.contribute(0, 1);
      restored.contribute(1, 1);
      assertThat(restored.newest().get(4).round()).isEqualTo(2);
      restored.contribute(2, 0);
    }
  }

  @Test
  void r3APartitionThatIsGoneAtARestoreIsRefusedByName() throws Exception {
    Checkpoint checkpoint = checkpointOfOneRound();
    assertRefused(plan(List.of("a-0", "a-2"), 1), checkpoint, "the checkpoint knows partition a-1");
  }

  @Test
  void r12ARestoreUnderAnotherLayoutIsRefused() throws Exception {
    Checkpoint checkpoint = checkpointOfOneRound();
    ServerPlan other =
        new ServerPlan(
            PLAN.model(),
            PLAN.consistency(),
            BlockLayout.ofElements(20, 20, 5),
            PLAN.virtualWorkers(),
            1,
            PLAN.metrics(),
            PLAN.maxParallelism());
    assertRefused(
        other,
        checkpoint,
        "cut with 20 values (20 trained) in 5 blocks of 4, maximum parallelism 16, this job has 20"
            + " values (20 trained) in 4 blocks of 5");
  }

  @Test
  void aRestoredJobGoesOnWithTheSlotsItHadAndTheSettingsItIsGiven() throws Exception {
    Checkpoint checkpoint;
    float[] expected;
    float[][] slots;
    Adam before = new Adam(0.1);
    Adam after = new Adam(new ExponentialDecay(0.5, 1, 0.5), 0.5, 0.9, 1e-3);
    try (TestShards shards = new TestShards(plan(before, PLAN.virtualWorkers(), 1), 2, null)) {
      rounds(shards, 0, 1);
      expected = shards.vector();
      checkpoint = shards.checkpoint(1);
      slots = before.newSlots(expected.length);
      before.update(new float[expected.length], mean(0), slots, 0, expected.length, Step.of(1));
    }
    try (TestShards restored =
        new TestShards(plan(after, PLAN.virtualWorkers(), 1), 3, checkpoint)) {
      rounds(restored, 1, 2);
      after.update(expected, mean(1), slots, 0, expected.length, Step.of(2));
      assertThat(restored.vector()).isEqualTo(expected);
    }
  }

  @Test
  void aRestoredJobMayMeasureOtherMetricsFromTheMiddleOfARoundOn() throws Exception {
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(PLAN, 2, null)) {
      rounds(shards, 0, 1);
      shards.contribute(0, 1);
      shards.contribute(2, 1); // is held until 1 has come
      checkpoint = shards.checkpoint(1);
    }
    ServerPlan other = plan(new Adam(0.1), PLAN.virtualWorkers(), 1, List.of("mean_loss", "auc"));
    try (TestShards restored = new TestShards(other, 3, checkpoint)) {
      for (BlockRange range : PLAN.layout().blocks()) {
        Contribution one = TestShards.contribution(range, 1, 1);
        Header header = new Header(4, 8, new double[] {6, 3}, new double[] {4, 4}, 4);
        restored.accept(
            new Contribution(range.index(), 1, 1, one.nextOffset(), one.gradient(), header));
      }
      assertThat(restored.vector()).isEqualTo(uninterrupted(2));
      restored.checkpoint(2);
      Header report = restored.snapshots().get(0).report();
      assertThat(report.records()).isEqualTo(3 * 4);
      assertThat(report.metric(0)).isEqualTo(1.5);
      assertThat(report.metric(1)).isEqualTo(0.75);
    }
  }

  @Test
  void anOptimizerThatRemembersSomethingElseIsRefusedAtARestore() throws Exception {
    Checkpoint checkpoint = checkpointOfOneRound();
    assertRefused(
        plan(new Sgd(0.1, 0.9, false), PLAN.virtualWorkers(), 1),
        checkpoint,
        "the checkpoint holds slots (2 of Adam), this job's optimizer needs others (1 of Sgd): restore"
            + " with the optimizer it was cut with, whose settings may be others");
    assertRefused(plan(new Sgd(0.1), PLAN.virtualWorkers(), 1), checkpoint, "needs others (none)");
  }

  @Test
  void r12AnotherMaximumParallelismThanThePlansIsRefused() {
    assertThatThrownBy(() -> new TestShards(PLAN, 128, 1, null))
        .hasMessageContaining("maximum parallelism 128, but its keys were made for 16");
  }

  @Test
  void r13AShardThatCouldNotHoldTheWaitingContributionsIsRefusedAtStartUp() {
    long needed = 20 * 4 * (2 * (2 + 2) + 2);
    List<Integer> all = List.of(0, 1, 2, 3, 4);
    ServerMemory.check(PLAN, all, 2, 2, needed);
    assertThatThrownBy(() -> ServerMemory.check(PLAN, all, 2, 2, needed - 1))
        .hasMessageContaining("run more shards");
  }

  @Test
  void r13AShardWhoseContributionsMayNotFitTheHeapDoesNotOpen() {
    int size = 1 << 20;
    long workers = Runtime.getRuntime().maxMemory() / (Float.BYTES * (long) size) + 2;
    ServerPlan large =
        new ServerPlan(
            new TestModel(new Sgd(0.1), true, size),
            PLAN.consistency(),
            BlockLayout.ofElements(size, size, size),
            LongStream.range(0, workers).mapToObj(vw -> "a-" + vw).toList(),
            1,
            PLAN.metrics(),
            PLAN.maxParallelism());
    assertThatThrownBy(() -> new TestShards(large, 1, null))
        .hasStackTraceContaining("this shard's 1 blocks may need ")
        .hasStackTraceContaining("run more shards, or raise taskmanager.memory.task.heap.size");
  }

  @Test
  void r1AContributionOutOfOrderFailsTheJob() throws Exception {
    try (TestShards shards = new TestShards(PLAN, 1, null)) {
      shards.contribute(0, 0);
      assertThatThrownBy(() -> shards.contribute(0, 0)).isInstanceOf(ProtocolException.class);
    }
  }

  /** The gradient of a round as it is applied. */
  static float[] mean(int round) {
    BlockRange whole = new BlockRange(0, 0, PLAN.layout().size(), true);
    float[] mean = new float[whole.length()];
    for (int vw = 0; vw < 3; vw++) {
      float[] gradient = ((Dense) TestShards.contribution(whole, vw, round).gradient()).values();
      for (int i = 0; i < mean.length; i++) {
        mean[i] += gradient[i];
      }
    }
    for (int i = 0; i < mean.length; i++) {
      mean[i] /= 12;
    }
    return mean;
  }

  private static Checkpoint checkpointOfOneRound() throws Exception {
    try (TestShards shards = new TestShards(PLAN, 1, null)) {
      rounds(shards, 0, 1);
      return shards.checkpoint(1);
    }
  }

  private static void assertRefused(ServerPlan plan, Checkpoint checkpoint, String reason) {
    assertThatThrownBy(() -> new TestShards(plan, 1, checkpoint)).hasStackTraceContaining(reason);
  }

  private static float[] uninterrupted(int rounds) throws Exception {
    try (TestShards shards = new TestShards(PLAN, 1, null)) {
      rounds(shards, 0, rounds);
      return shards.vector();
    }
  }

  private static void rounds(TestShards shards, int from, int to) throws Exception {
    for (int round = from; round < to; round++) {
      for (int vw = 0; vw < 3; vw++) {
        shards.contribute((vw + round) % 3, round);
      }
    }
  }

  private static ServerPlan plan(List<String> virtualWorkers, long publishEveryRounds) {
    return plan(new Adam(0.1), virtualWorkers, publishEveryRounds);
  }

  private static ServerPlan plan(
      Optimizer optimizer, List<String> virtualWorkers, long publishEveryRounds) {
    return plan(optimizer, virtualWorkers, publishEveryRounds, List.of("accuracy"));
  }

  private static ServerPlan plan(
      Optimizer optimizer,
      List<String> virtualWorkers,
      long publishEveryRounds,
      List<String> metrics) {
    return new ServerPlan(
        new TestModel(optimizer, true, 20),
        new Synchronous(),
        BlockLayout.ofElements(20, 20, 4),
        virtualWorkers,
        publishEveryRounds,
        metrics,
        16);
  }
}
