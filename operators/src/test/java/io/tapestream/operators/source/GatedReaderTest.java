package io.tapestream.operators.source;

import static org.apache.flink.core.io.InputStatus.NOTHING_AVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.Measure;
import io.tapestream.parameterserver.Weights;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The gate: when mini-batches leave, and what the reader waits for. */
class GatedReaderTest extends GatedReaderFixture {

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
}
