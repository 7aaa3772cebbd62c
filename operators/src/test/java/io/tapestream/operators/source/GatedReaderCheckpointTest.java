package io.tapestream.operators.source;

import static org.apache.flink.core.io.InputStatus.END_OF_INPUT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.SourcePolicies;
import io.tapestream.parameterserver.Stopped;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What a reader's checkpoints hold, and how one goes on from them. */
class GatedReaderCheckpointTest extends GatedReaderFixture {

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
    assertThat(told).as("a savepoint that stops the job lets it go no further").isEmpty();
    poll();
    poll();

    assertThat(told).containsExactly(new WentOn(7));
    assertThat(reader.isAvailable()).isNotDone();
  }

  @Test
  void r15ThatTheServerHasStoppedIsToldOnceForEachCheckpoint() throws Exception {
    give(unbounded(A));
    poll();
    CompletableFuture<Void> available = reader.isAvailable();

    replica.receive(new Stopped(1, 7, 3, List.of(4L, -1L), 2));
    assertThat(available).isDone();
    replica.receive(new Stopped(0, 7, 3, List.of(4L, -1L), 2));
    poll();
    poll();
    assertThat(told).singleElement().isInstanceOf(ServerStopped.class);
    assertThat(((ServerStopped) told.get(0)).checkpoint()).isEqualTo(7);
    assertThat(((ServerStopped) told.get(0)).reason()).hasMessageContaining("clicks-0 offset 4.");
    assertThat(reader.isAvailable()).isNotDone();

    replica.receive(new Stopped(0, 8, 3, List.of(4L, -1L), 2));
    assertThat(reader.isAvailable()).isDone();
    poll();
    assertThat(told).hasSize(2);
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
}
