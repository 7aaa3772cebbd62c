package io.tapestream.operators.source;

import static org.apache.flink.core.io.InputStatus.END_OF_INPUT;
import static org.apache.flink.core.io.InputStatus.MORE_AVAILABLE;
import static org.apache.flink.core.io.InputStatus.NOTHING_AVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Course;
import io.tapestream.files.Course.Run;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.metrics.CapturedMetrics;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GatedReaderTest {

  private static final TopicPartition A = new TopicPartition("clicks", 0);
  private static final TopicPartition B = new TopicPartition("clicks", 1);
  private static final int BATCH = 2;

  private final FakeKafkaReader kafka = new FakeKafkaReader();
  private WeightReplica replica =
      new WeightReplica(BlockLayout.ofElements(2, 2, 1), new Synchronous());
  private final List<Map<TopicPartition, Long>> commits = new ArrayList<>();
  private final OffsetCommitter committer =
      new OffsetCommitter() {
        @Override
        public void commit(Map<TopicPartition, Long> nextOffsets) {
          commits.add(nextOffsets);
        }

        @Override
        public void close() {}
      };
  private final List<Long> wentOn = new ArrayList<>();
  private CapturedMetrics metrics = new CapturedMetrics();
  private final Emitted emitted = new Emitted();
  private final List<Long> alarms = new ArrayList<>(); // times at which they were set to ring
  private final FakeBroker broker = new FakeBroker();
  private Runnable bell = () -> {};
  private long nanos;
  private boolean closed;
  private GatedReader reader;

  @BeforeEach
  void open() {
    open(SourcePolicies.DEFAULT);
  }

  private void open(SourcePolicies policies) {
    reader =
        new GatedReader(
            kafka,
            VirtualWorkers.of(List.of(A, B), Map.of("clicks", "id")),
            BATCH,
            value -> 1,
            replica,
            policies,
            new HeldOffsets(() -> broker, policies.acceptLost()),
            committer,
            wentOn::add,
            () -> closed = true,
            () -> nanos,
            this::alarm,
            new ReaderTimes(metrics, () -> nanos));
    reader.start();
  }

  @AfterEach
  void close() throws Exception {
    reader.close();
    assertThat(closed).isTrue();
  }

  @Test
  void aCompleteBatchWaitsForItsWeightsAndLeavesWhenTheyArrive() throws Exception {
    give(unbounded(A));
    kafka.fetch(A, 0, 5);

    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    assertThat(emitted.drain()).as("no weights have come yet").isEmpty();
    CompletableFuture<Void> available = reader.isAvailable();
    assertThat(available).isNotDone();

    weights(0);

    assertThat(available).isDone();
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    assertThat(emitted.drain()).containsExactly("0:0");
    weights(1);
    poll();
    assertThat(emitted.drain()).containsExactly("0:1");
    weights(2);
    poll();
    assertThat(emitted.drain()).as("batch 2 holds one record of two").isEmpty();
  }

  @Test
  void theGateWaitsForEveryBlock() throws Exception {
    give(unbounded(A));
    kafka.fetch(A, 0, 5);

    replica.receive(new Weights(0, 0, new long[2], new long[2], new float[1]));
    poll();
    assertThat(emitted.drain()).isEmpty();
    replica.receive(new Weights(1, 0, new long[2], new long[2], new float[1]));
    poll();
    assertThat(emitted.drain()).containsExactly("0:0");
  }

  @Test
  void r7OneFutureIsOutstandingAndAnyCauseCompletesIt() throws Exception {
    give(unbounded(A));
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);

    CompletableFuture<Void> forData = reader.isAvailable();
    assertThat(reader.isAvailable()).isSameAs(forData);
    kafka.fetch(A, 0, 2);
    assertThat(forData).isDone();

    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    CompletableFuture<Void> forWeights = reader.isAvailable();
    assertThat(forWeights).isNotSameAs(forData).isNotDone();
    weights(0);
    assertThat(forWeights).isDone();

    poll();
    CompletableFuture<Void> forTheEnd = reader.isAvailable();
    assertThat(forTheEnd).isNotDone();
    reader.notifyNoMoreSplits();
    assertThat(forTheEnd).isDone();
  }

  @Test
  void r7AWakeUpBetweenThePollAndTheQuestionIsNotLost() throws Exception {
    give(unbounded(A));
    kafka.fetch(A, 0, 2);
    poll();

    weights(0);

    assertThat(reader.isAvailable()).isDone();
  }

  @Test
  void i1TheStateInTheMiddleOfARoundIsTheFirstExampleThatHasNotLeft() throws Exception {
    give(unbounded(A), unbounded(B));
    weights(0);
    kafka.fetch(A, 0, 5);
    kafka.fetch(B, 10, 11);
    poll();
    assertThat(emitted.drain()).containsExactly("0:0");

    assertThat(reader.snapshotState(1))
        .containsExactly(
            new GatedSplit(A, 2, 0, GatedSplit.UNBOUNDED, 1, false),
            new GatedSplit(B, 10, 0, GatedSplit.UNBOUNDED, 0, false));
  }

  @Test
  void theBatchThatIsFurthestBehindLeavesFirst() throws Exception {
    give(
        new GatedSplit(A, 0, 0, GatedSplit.UNBOUNDED, 8, false),
        new GatedSplit(B, 0, 0, GatedSplit.UNBOUNDED, 7, false));
    weights(9);
    kafka.fetch(A, 0, 4);
    kafka.fetch(B, 0, 6);

    poll();

    assertThat(emitted.drain()).containsExactly("1:7", "0:8", "1:8", "0:9", "1:9");
  }

  @Test
  void r7AFullPartitionIsPausedButItsNeighboursAreStillTakenFromTheSameFetch() throws Exception {
    give(unbounded(A), unbounded(B));
    weights(0);
    kafka.fetch(A, 0, 20);
    kafka.fetch(B, 0, 2);

    poll();

    assertThat(emitted.drain()).containsExactly("0:0", "1:0");
    assertThat(kafka.paused).containsExactly(A.toString());
    for (int round = 1; round <= 7; round++) {
      kafka.fetch(B, 2L * round, 2L * round + 2);
      weights(round);
      poll();
    }
    assertThat(kafka.paused).as("10 batches were there, 8 are gone").isEmpty();
  }

  @Test
  void r7FlinksOwnPausesAreUnitedWithOurs() throws Exception {
    give(unbounded(A));
    kafka.fetch(A, 0, 20);
    poll();
    assertThat(kafka.paused).containsExactly(A.toString());

    reader.pauseOrResumeSplits(List.of(A.toString()), List.of());
    reader.pauseOrResumeSplits(List.of(), List.of(A.toString()));
    assertThat(kafka.paused).as("it still runs ahead").containsExactly(A.toString());

    reader.pauseOrResumeSplits(List.of(A.toString()), List.of());
    for (int round = 0; round < 10; round++) {
      weights(round);
      poll();
    }
    assertThat(kafka.paused).as("Flink still holds it").containsExactly(A.toString());
    reader.pauseOrResumeSplits(List.of(), List.of(A.toString()));
    assertThat(kafka.paused).isEmpty();
  }

  @Test
  void r4ASplitThatKafkaHasFinishedStaysInTheStateUntilItsLastBatchHasLeft() throws Exception {
    give(GatedSplit.starting(A, 0, 3));
    reader.notifyNoMoreSplits();
    kafka.fetch(A, 0, 3);
    kafka.end(A);

    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    assertThat(reader.snapshotState(1)).containsExactly(GatedSplit.starting(A, 0, 3));
    weights(0);
    poll();
    assertThat(reader.snapshotState(2)).containsExactly(new GatedSplit(A, 2, 0, 3, 1, false));
    weights(1);
    poll();
    assertThat(emitted.batches.get(1).last()).isTrue();
    assertThat(reader.snapshotState(3)).containsExactly(new GatedSplit(A, 3, 0, 3, 2, true));
  }

  @Test
  void r4TheInputEndsOnlyAfterTheLastRoundWasApplied() throws Exception {
    give(GatedSplit.starting(A, 0, 2));
    reader.notifyNoMoreSplits();
    kafka.fetch(A, 0, 2);
    kafka.end(A);
    weights(0);

    assertThat(poll()).as("batch 0 has left but is not applied").isEqualTo(NOTHING_AVAILABLE);
    assertThat(emitted.drain()).containsExactly("0:0");
    CompletableFuture<Void> available = reader.isAvailable();
    assertThat(available).isNotDone();
    weights(1);

    assertThat(available).isDone();
    assertThat(poll()).isEqualTo(END_OF_INPUT);
  }

  @Test
  void r7AfterTheEndOfTheInnerInputOnlyTheGateCounts() throws Exception {
    give(GatedSplit.starting(A, 0, 2));
    reader.notifyNoMoreSplits();
    kafka.fetch(A, 0, 2);
    kafka.end(A);
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    int polls = kafka.polls;

    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);

    assertThat(kafka.polls).isEqualTo(polls);
    assertThat(kafka.isAvailable()).as("would make Flink spin").isDone();
    assertThat(reader.isAvailable()).isNotDone();
  }

  @Test
  void r4AnEmptySplitLeavesAtOnceAndIsNeverRead() throws Exception {
    give(GatedSplit.starting(A, 5, 5));
    reader.notifyNoMoreSplits();

    assertThat(poll()).as("no weights yet").isEqualTo(NOTHING_AVAILABLE);
    assertThat(kafka.reading).isEmpty();
    assertThat(emitted.batches).singleElement().matches(b -> b.isEmpty() && b.last());
    weights(0);
    assertThat(poll()).isEqualTo(END_OF_INPUT);
  }

  @Test
  void aReaderWithoutSplitsEnds() throws Exception {
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    reader.notifyNoMoreSplits();
    assertThat(poll()).isEqualTo(END_OF_INPUT);
  }

  @Test
  void aSplitThatHadLeftBeforeTheRestoreIsNotReadAgain() throws Exception {
    give(new GatedSplit(A, 3, 0, 3, 2, true));
    reader.notifyNoMoreSplits();
    weights(2);

    assertThat(poll()).isEqualTo(END_OF_INPUT);
    assertThat(emitted.drain()).isEmpty();
    assertThat(kafka.reading).isEmpty();
  }

  @Test
  void r3ASplitWhosePartitionIsNotInTheTableIsRefused() {
    assertThatThrownBy(() -> give(unbounded(new TopicPartition("gone", 0))))
        .hasMessageContaining("partition gone-0 is in the checkpoint but not in the job");
  }

  @Test
  void r3ThatItGoesOnAfterACheckpointIsToldOnceByAReaderThatHasNothingToRead() throws Exception {
    give(unbounded(A));
    poll();
    CompletableFuture<Void> available = reader.isAvailable();
    assertThat(available).isNotDone();

    reader.snapshotState(7);
    assertThat(available).isDone();
    assertThat(wentOn).as("a savepoint that stops the job lets it go no further").isEmpty();
    poll();
    poll();

    assertThat(wentOn).containsExactly(7L);
    assertThat(reader.isAvailable()).isNotDone();
  }

  @Test
  void r6TheOffsetsOfWhatHasNotLeftAreCommittedWhenTheCheckpointIsComplete() throws Exception {
    give(unbounded(A));
    weights(0);
    kafka.fetch(A, 0, 9);
    poll();
    reader.snapshotState(1);
    weights(1);
    poll();
    reader.snapshotState(2);
    assertThat(commits).isEmpty();

    reader.notifyCheckpointComplete(1);
    assertThat(commits).containsExactly(Map.of(A, 2L));
    reader.notifyCheckpointComplete(2);
    assertThat(commits).hasSize(2).last().isEqualTo(Map.of(A, 4L));
  }

  @Test
  void recordsAreTakenWhileWeightsAreAwaitedAndNotBeforeABatchThatMayLeave() throws Exception {
    give(unbounded(A));
    kafka.fetch(A, 0, 2);
    poll();
    kafka.fetch(A, 2, 4);
    int polls = kafka.polls;

    weights(0);
    reader.pollNext(emitted);

    assertThat(emitted.drain()).containsExactly("0:0");
    assertThat(kafka.polls).as("polls before the batch left").isEqualTo(polls);
    reader.pollNext(emitted);
    assertThat(kafka.polls).as("polls while weights are awaited").isGreaterThan(polls);
    weights(1);
    reader.pollNext(emitted);
    assertThat(emitted.drain()).containsExactly("0:1");
  }

  @Test
  void aBatchWhoseWeightsArriveWhileRecordsAreTakenIsNotKeptWaitingForAllOfThem() throws Exception {
    give(unbounded(A));
    kafka.fetch(A, 0, 10_000);

    weights(0);
    reader.pollNext(emitted);

    assertThat(emitted.drain()).containsExactly("0:0");
    assertThat(kafka.polls).isLessThan(100);
  }

  @Test
  void theTimeInWhichOnlyWeightsAreMissingIsCounted() throws Exception {
    give(unbounded(A));
    poll();
    nanos += 5;
    kafka.fetch(A, 0, 2);
    poll();
    nanos += 7;
    weights(0);
    poll();

    assertThat(metrics.count(Measure.GATE_CLOSED)).isEqualTo(7);
    assertThat(metrics.count(Measure.NO_DATA)).isEqualTo(5);
  }

  // ---- where virtual workers run apart

  @Test
  void i3UnderABoundBatchesLeaveUntilOneMoreWouldBeTooStale() throws Exception {
    reopen(SourcePolicies.DEFAULT, new Bounded(2));
    give(unbounded(A), unbounded(B));
    kafka.fetch(A, 0, 20);
    kafka.fetch(B, 0, 2);
    weights(0);
    poll();
    assertThat(emitted.drain()).containsExactly("0:0", "1:0", "0:1", "0:2");

    weights(1, 3, 1);
    poll();
    assertThat(emitted.drain()).containsExactly("0:3");
  }

  @Test
  void r16WithoutABoundNoBatchWaitsForAnotherPartition() throws Exception {
    reopen(SourcePolicies.DEFAULT, new Asynchronous());
    give(unbounded(A), unbounded(B));
    kafka.fetch(A, 0, 12);
    poll();
    assertThat(emitted.drain()).as("no weights have come yet").isEmpty();
    weights(0);
    poll();
    assertThat(emitted.drain()).containsExactly("0:0", "0:1", "0:2", "0:3", "0:4", "0:5");
  }

  @Test
  void r4TheEndWaitsForWeightsThatHoldTheLastBatchThoughNoRoundCloses() throws Exception {
    reopen(SourcePolicies.DEFAULT, new Asynchronous());
    give(GatedSplit.starting(A, 0, 4));
    weights(0);
    kafka.fetch(A, 0, 4);
    kafka.end(A);
    reader.notifyNoMoreSplits();
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    assertThat(emitted.drain()).hasSize(2);
    CompletableFuture<Void> available = reader.isAvailable();

    weights(0, 1, 0);
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    weights(0, 2, 0);
    assertThat(available).isDone();
    assertThat(poll()).isEqualTo(END_OF_INPUT);
  }

  // ---- idle partitions

  @Test
  void r5APartitionThatHoldsTheOthersUpSkipsAfterATimeAndThenAtOnce() throws Exception {
    reopen(skipAfter(100));
    give(unbounded(A), unbounded(B));
    kafka.fetch(A, 0, 8);
    weights(0);
    nanos = 1_000;
    poll();
    assertThat(emitted.drain()).containsExactly("0:0");
    CompletableFuture<Void> available = reader.isAvailable();
    assertThat(available).isNotDone();
    assertThat(alarms).containsExactly(1_100L);

    nanos = 1_099;
    poll();
    assertThat(emitted.drain()).as("patience is not at its end").isEmpty();
    nanos = 1_100;
    bell.run();
    assertThat(available).isDone();
    poll();
    assertThat(emitted.drain()).containsExactly("1-0");
    assertThat(reader.snapshotState(1))
        .as("a skip uses up no batch")
        .contains(new GatedSplit(B, 0, 0, GatedSplit.UNBOUNDED, 0, false));

    weights(1, 1, 0);
    poll();
    assertThat(emitted.drain()).containsExactly("0:1", "1-1");

    kafka.fetch(B, 0, 2);
    weights(2, 2, 0);
    poll();
    assertThat(emitted.drain()).as("it counts in the next round").containsExactly("0:2", "1:0");
    weights(3, 3, 1);
    poll();
    assertThat(emitted.drain()).as("and is given time again").containsExactly("0:3");
  }

  @Test
  void r5WhereNobodyHasRecordsOneRoundClosesEmptyAndThenAllWait() throws Exception {
    reopen(skipAfter(100));
    give(unbounded(A), unbounded(B));
    weights(0);
    poll();
    nanos = 100;
    poll();
    assertThat(emitted.drain()).containsExactly("0-0", "1-0");

    weights(1, 0, 0, 0);
    nanos = 10_000;
    assertThat(poll()).isEqualTo(NOTHING_AVAILABLE);
    assertThat(emitted.drain()).as("round 0 closed empty").isEmpty();
    assertThat(reader.isAvailable()).isNotDone();

    weights(1, 0, 0, 2); // another reader's batch is in round 1
    assertThat(reader.isAvailable()).isDone();
    poll();
    assertThat(emitted.drain()).containsExactly("0-1", "1-1");
  }

  @Test
  void r5OnlyTheSlowestSkipsUnderAStalenessBound() throws Exception {
    reopen(skipAfter(100), new Bounded(2));
    give(unbounded(A), unbounded(B));
    kafka.fetch(A, 0, 6);
    weights(0);
    poll();
    nanos = 100;
    poll();
    assertThat(emitted.drain())
        .as("B lets round 0 pass, and no other before round 0 is complete")
        .containsExactly("0:0", "0:1", "0:2", "1-0");
  }

  @Test
  void r5AfterARestoreTheFirstWeightsTellTheRound() throws Exception {
    reopen(skipAfter(100));
    give(new GatedSplit(A, 4, 0, GatedSplit.UNBOUNDED, 2, false));
    weights(7, 2, 0); // batch 2 of A counts in round 7: it has skipped five rounds
    poll();
    nanos = 100;
    poll();
    assertThat(emitted.drain()).containsExactly("0-7");
  }

  @Test
  void r4APartitionThatHasEndedLeavesAndDoesNotSkip() throws Exception {
    reopen(skipAfter(100));
    give(GatedSplit.starting(A, 0, 2), unbounded(B));
    weights(0);
    kafka.fetch(A, 0, 2);
    kafka.end(A);
    poll();
    nanos = 100;
    poll();
    assertThat(emitted.drain()).containsExactly("0:0", "1-0");

    weights(1, 1, 0);
    poll();
    weights(2, 1, 0, 1);
    poll();
    assertThat(emitted.drain()).as("A has left for good").containsExactly("1-1");
  }

  // ---- quiet partitions

  @Test
  void i1APartialBatchLeavesAfterATimeAndTheStateIsBehindIt() throws Exception {
    reopen(lingering(50));
    give(unbounded(A));
    weights(0);
    poll();
    nanos = 1_000;
    kafka.fetch(A, 0, 1);
    poll();
    CompletableFuture<Void> available = reader.isAvailable();
    assertThat(available).isNotDone();
    assertThat(alarms).containsExactly(1_050L);

    nanos = 1_050;
    bell.run();
    assertThat(available).isDone();
    poll();
    assertThat(emitted.batches).singleElement().matches(b -> b.examples() == 1 && !b.last());
    assertThat(emitted.drain()).containsExactly("0:0");
    assertThat(reader.snapshotState(1))
        .containsExactly(new GatedSplit(A, 1, 0, GatedSplit.UNBOUNDED, 1, false));

    kafka.fetch(A, 1, 3);
    weights(1);
    poll();
    assertThat(emitted.batches).singleElement().matches(b -> b.examples() == BATCH);
    assertThat(emitted.drain()).as("a full batch is not kept waiting").containsExactly("0:1");
  }

  @Test
  void aPartialBatchWhoseGateIsClosedFillsUpUntilItOpens() throws Exception {
    reopen(lingering(50));
    give(unbounded(A));
    kafka.fetch(A, 0, 1);
    poll();
    assertThat(reader.isAvailable()).isNotDone();
    assertThat(alarms).as("only weights open the gate").isEmpty();

    nanos = 200;
    kafka.fetch(A, 1, 2);
    weights(0);
    poll();
    assertThat(emitted.batches).singleElement().matches(b -> b.examples() == BATCH);
  }

  @Test
  void r5APartitionWithFewRecordsLingersBeforeItSkips() throws Exception {
    reopen(
        new SourcePolicies(null, Duration.ofNanos(100), Duration.ofNanos(50), null, false, false));
    give(unbounded(A));
    weights(0);
    poll();
    nanos = 30;
    kafka.fetch(A, 0, 1);
    poll();
    assertThat(reader.isAvailable()).isNotDone();
    assertThat(alarms).containsExactly(80L);
    nanos = 80;
    poll();
    nanos = 200;
    poll();
    assertThat(emitted.drain()).containsExactly("0:0");
  }

  // ---- lost records

  @Test
  void r6RecordsThatAreLostAtARestoreStopTheJobAndAreNamed() {
    broker.held.put(A, 25L);
    broker.held.put(B, 8L);
    assertThatThrownBy(
            () -> give(new GatedSplit(A, 10, 0, GatedSplit.UNBOUNDED, 5, false), unbounded(B)))
        .isInstanceOf(LostRecordsException.class)
        .hasMessageContaining("clicks-0 offsets 10..24 (at most 15 records)")
        .hasMessageContaining("clicks-1 offsets 0..7 (at most 8 records)")
        .hasMessageContaining("source.lostRecords: accept");
    assertThat(ThrowableClassifier.getThrowableType(new LostRecordsException(List.of())))
        .as("they will not come back")
        .isEqualTo(ThrowableType.NonRecoverableError);
    assertThat(kafka.reading).isEmpty();
  }

  @Test
  void r6AcceptedAsLostTheyAreToldOfAndTheNextBatchIsReadBehindThem() throws Exception {
    reopen(new SourcePolicies(null, null, null, null, true, false));
    broker.held.put(A, 25L);
    GatedSplit restored = new GatedSplit(A, 10, 0, GatedSplit.UNBOUNDED, 5, false);
    give(restored, unbounded(B));
    assertThat(kafka.reading)
        .extracting(KafkaPartitionSplit::getStartingOffset)
        .containsExactly(25L, 0L);
    poll();
    assertThat(reader.snapshotState(1)).as("not told of before the weights").contains(restored);

    kafka.fetch(A, 25, 27);
    weights(9, 5, 0);
    poll();
    assertThat(emitted.drain()).containsExactly("0 lost 10..25", "0:5");
    assertThat(reader.snapshotState(2))
        .contains(new GatedSplit(A, 27, 0, GatedSplit.UNBOUNDED, 6, false));
  }

  @Test
  void r6APartitionWhoseRestIsLostLeaves() throws Exception {
    reopen(new SourcePolicies(null, null, null, null, true, false));
    broker.held.put(A, 25L);
    give(new GatedSplit(A, 10, 0, 20, 5, false));
    reader.notifyNoMoreSplits();
    assertThat(kafka.reading).isEmpty();
    weights(5);
    assertThat(poll()).isEqualTo(END_OF_INPUT);
    assertThat(emitted.batches).singleElement().matches(b -> b.isEmpty() && b.last());
    assertThat(emitted.drain()).containsExactly("0 lost 10..20", "0:5");
  }

  // ---- a recorded schedule

  @Test
  void i2ARecordedScheduleDecidesInPlaceOfTheClock() throws Exception {
    Course a = new Course(3, 4, false, List.of(new Run(0, 0, 2), new Run(1, 2, 2)), List.of());
    Course b = new Course(2, 4, false, List.of(new Run(0, 1, 1), new Run(1, 2, 2)), List.of());
    var schedule = new RecordedSchedule(1, 4, Map.of("clicks", Map.of(0, a, 1, b)));
    reopen(new SourcePolicies(null, Duration.ofNanos(100), null, schedule, false, false));
    give(unbounded(A), unbounded(B));
    kafka.fetch(A, 0, 8);
    kafka.fetch(B, 0, 3);

    weights(0);
    poll();
    assertThat(emitted.drain()).containsExactly("0:0", "1-0");
    weights(1, 1, 0);
    poll();
    assertThat(emitted.batches).singleElement().matches(batch -> batch.examples() == 1);
    assertThat(emitted.drain()).as("A has a batch, and had none then").contains("0-1", "1:0");
    weights(2, 1, 1);
    poll();
    assertThat(emitted.drain()).containsExactly("0:1", "1:1");
    weights(3, 2, 2);
    nanos = 10_000;
    poll();
    assertThat(emitted.drain()).as("B let the last round pass").containsExactly("0:2", "1-3");

    weights(4, 3, 2);
    poll();
    assertThat(emitted.drain()).as("from here on the clock decides").containsExactly("0:3", "1-4");
  }

  @Test
  void i2WhatIsRecordedIsWaitedFor() throws Exception {
    Course course = new Course(1, 1, false, List.of(new Run(0, 0, 2)), List.of());
    var schedule = new RecordedSchedule(1, 1, Map.of("clicks", Map.of(0, course, 1, course)));
    reopen(
        new SourcePolicies(
            null, Duration.ofNanos(100), Duration.ofNanos(100), schedule, false, false));
    give(unbounded(A));
    kafka.fetch(A, 0, 1);
    weights(0);
    poll();
    nanos = 10_000;
    poll();
    assertThat(emitted.drain()).isEmpty();
    assertThat(reader.isAvailable()).isNotDone();
    assertThat(alarms).isEmpty();
  }

  private static SourcePolicies lingering(long nanos) {
    return new SourcePolicies(null, null, Duration.ofNanos(nanos), null, false, false);
  }

  private static SourcePolicies skipAfter(long nanos) {
    return new SourcePolicies(null, Duration.ofNanos(nanos), null, null, false, false);
  }

  private void reopen(SourcePolicies policies) throws Exception {
    reopen(policies, new Synchronous());
  }

  private void reopen(SourcePolicies policies, Consistency consistency) throws Exception {
    reader.close();
    replica = new WeightReplica(BlockLayout.ofElements(2, 2, 1), consistency);
    metrics = new CapturedMetrics();
    open(policies);
  }

  private Alarm alarm(Runnable rings) {
    bell = rings;
    return new Alarm() {
      @Override
      public void set(long wait) {
        alarms.add(nanos + wait);
      }

      @Override
      public void close() {}
    };
  }

  /** {@code round} rounds are complete and hold so many batches of A and B. */
  private void weights(long round, long a, long b) {
    weights(round, a, b, round);
  }

  private void weights(long round, long a, long b, long busyRounds) {
    for (int block = 0; block < 2; block++) {
      long[] applied = {a, b};
      long[] rounds = {round, round};
      replica.receive(new Weights(block, round, applied, rounds, busyRounds, new float[1]));
    }
  }

  private static GatedSplit unbounded(TopicPartition partition) {
    return GatedSplit.starting(partition, 0, GatedSplit.UNBOUNDED);
  }

  private void give(GatedSplit... splits) {
    reader.addSplits(List.of(splits));
  }

  /** Both blocks hold {@code round} rounds, and so do both virtual workers. */
  private void weights(long round) {
    for (int block = 0; block < 2; block++) {
      long[] rounds = {round, round};
      replica.receive(new Weights(block, round, rounds, rounds, new float[1]));
    }
  }

  /** Polls as Flink does: while there is more. */
  private InputStatus poll() throws Exception {
    InputStatus status;
    do {
      status = reader.pollNext(emitted);
    } while (status == MORE_AVAILABLE);
    return status;
  }
}
