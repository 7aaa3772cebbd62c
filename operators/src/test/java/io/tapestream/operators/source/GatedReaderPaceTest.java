package io.tapestream.operators.source;

import static org.apache.flink.core.io.InputStatus.NOTHING_AVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Course;
import io.tapestream.files.Course.Run;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Virtual workers run apart: under a bound or none, where records are missing, as recorded. */
class GatedReaderPaceTest extends GatedReaderFixture {

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
}
