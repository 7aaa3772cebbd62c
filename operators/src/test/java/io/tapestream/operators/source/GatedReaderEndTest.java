package io.tapestream.operators.source;

import static org.apache.flink.core.io.InputStatus.END_OF_INPUT;
import static org.apache.flink.core.io.InputStatus.NOTHING_AVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.SourcePolicies;
import io.tapestream.parameterserver.consistency.Asynchronous;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Virtual workers leave, and the input ends. */
class GatedReaderEndTest extends GatedReaderFixture {

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
}
