package io.tapestream.operators.source;

import static io.tapestream.operators.source.FakeBroker.START;
import static io.tapestream.operators.source.FakeBroker.STOP;
import static io.tapestream.operators.source.FakeBroker.partition;
import static io.tapestream.operators.source.FakeBroker.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.server.TrainingStoppedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.junit.jupiter.api.Test;

class GatedEnumeratorTest {

  private final FakeBroker broker = new FakeBroker();

  @Test
  void r3EachVirtualWorkerGoesToItsIndexModuloTheParallelism() {
    var context = new FakeEnumeratorContext(2);
    start(context, settings(5), GatedEnumeratorState.FRESH);

    assertThat(context.partitionsOf(0)).containsExactly(0, 2, 4);
    assertThat(context.partitionsOf(1)).containsExactly(1, 3);
    assertThat(context.noMoreSplits).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void aReaderThatRegistersLateIsServedToo() {
    var context = new FakeEnumeratorContext(2);
    GatedEnumerator enumerator = enumerator(context, settings(2), GatedEnumeratorState.FRESH);
    context.register(0);
    enumerator.addReader(0);
    assertThat(context.assigned).as("offsets are not known yet").isEmpty();

    enumerator.start();
    assertThat(context.partitionsOf(0)).containsExactly(0);
    context.register(1);
    enumerator.addReader(1);
    assertThat(context.partitionsOf(1)).containsExactly(1);
  }

  @Test
  void r6PoliciesBecomeNumbersOnce() {
    var context = new FakeEnumeratorContext(1);
    start(context, settings(1), GatedEnumeratorState.FRESH);

    assertThat(context.assigned.get(0))
        .containsExactly(GatedSplit.starting(partition(0), START, STOP));
    assertThat(broker.policies)
        .containsExactly(new OffsetPolicy.Timestamp(3), new OffsetPolicy.Latest());
  }

  @Test
  void splitsOfAFailedReaderAreGivenAgain() {
    var context = new FakeEnumeratorContext(2);
    GatedEnumerator enumerator = start(context, settings(4), GatedEnumeratorState.FRESH);
    List<GatedSplit> lost = List.copyOf(context.assigned.get(1));
    context.assigned.clear();
    context.noMoreSplits.clear();

    enumerator.addSplitsBack(lost, 1);
    assertThat(enumerator.snapshotState(7).unassigned()).isEqualTo(lost);
    enumerator.addReader(1);

    assertThat(context.assigned.get(1)).isEqualTo(lost);
    assertThat(context.noMoreSplits).containsExactly(1);
    assertThat(enumerator.snapshotState(8).unassigned()).isEmpty();
  }

  @Test
  void r3OnARestoreTheStateWinsAndNothingIsResolvedAgain() {
    var context = new FakeEnumeratorContext(3);
    GatedSplit back = new GatedSplit(partition(1), 55, 0, 99, 4, false);
    start(context, settings(2), new GatedEnumeratorState(table(2), List.of(back)));

    assertThat(context.assigned).containsOnlyKeys(1).containsEntry(1, List.of(back));
    assertThat(broker.policies).isEmpty();
    assertThat(broker.verified).contains(table(2).topicIds());
  }

  @Test
  void r3PartitionsAddedBeforeARestoreAreReadFromTheirFirstRecord() {
    var context = new FakeEnumeratorContext(1);
    GatedEnumerator enumerator =
        start(context, settings(3), new GatedEnumeratorState(table(2), List.of()));

    assertThat(context.partitionsOf(0)).containsExactly(2);
    assertThat(broker.policies)
        .containsExactly(new OffsetPolicy.Earliest(), new OffsetPolicy.Latest());
    assertThat(enumerator.snapshotState(1).virtualWorkers()).isEqualTo(table(3));
  }

  @Test
  void r3APartitionAddedInTheMiddleOfTheTableShiftsTheNumbersAfterIt() {
    var context = new FakeEnumeratorContext(2);
    var middle = List.of(partition(0), partition(2));
    GatedSplit back = GatedSplit.starting(partition(2), 50, 99);
    start(
        context,
        settings(3),
        new GatedEnumeratorState(VirtualWorkers.of(middle, Map.of("clicks", "id")), List.of(back)));

    assertThat(context.assigned.get(0)).containsExactly(back);
    assertThat(context.partitionsOf(1)).containsExactly(1);
  }

  @Test
  void r3ATableThatLacksAPartitionOfTheStateIsRefused() {
    var context = new FakeEnumeratorContext(1);

    assertThatThrownBy(
            () -> start(context, settings(2), new GatedEnumeratorState(table(3), List.of())))
        .hasMessageContaining("restore it with all its topics");
  }

  @Test
  void r6ATopicThatWasMadeAgainIsTakenForTheSameWhereThatIsAccepted() {
    var context = new FakeEnumeratorContext(1);
    var policies = new SourcePolicies(null, null, null, null, false, true);
    GatedSplit back = new GatedSplit(partition(0), 55, 0, 99, 4, false);
    var before = VirtualWorkers.of(List.of(partition(0)), Map.of("clicks", "another id"));

    start(context, settings(1, policies), new GatedEnumeratorState(before, List.of(back)));

    assertThat(context.assigned.get(0)).containsExactly(back);
    assertThat(broker.verified).containsExactly(table(1).topicIds());
  }

  @Test
  void r3APartitionAddedWhileRunningEndsTheJobAtItsNextCheckpoint() {
    var context = new FakeEnumeratorContext(1);
    GatedEnumerator enumerator =
        start(context, discovering(OffsetPolicy.Unbounded::new), GatedEnumeratorState.FRESH);
    assertThat(context.discoveryPeriod).isEqualTo(300_000);
    broker.partitions = 2;
    context.discovery.run();
    enumerator.snapshotState(3);
    enumerator.handleSourceEvent(0, new WentOn(3));
    enumerator.notifyCheckpointComplete(3);

    broker.partitions = 4;
    context.discovery.run();
    assertThat(context.partitionsOf(0)).as("nobody reads it yet").containsExactly(0, 1);
    enumerator.snapshotState(4);
    enumerator.handleSourceEvent(0, new WentOn(4));
    assertThatThrownBy(() -> enumerator.notifyCheckpointComplete(4))
        .isInstanceOf(PartitionsAddedException.class)
        .hasMessageContaining("[clicks-2, clicks-3]")
        .hasMessageContaining("submitted again from checkpoint 4");
    assertThat(ThrowableClassifier.getThrowableType(new PartitionsAddedException(List.of(), 4)))
        .as("a restart would not read them")
        .isEqualTo(ThrowableType.NonRecoverableError);
  }

  @Test
  void r3ASavepointThatStopsTheJobIsNotItsNextCheckpoint() {
    GatedEnumerator enumerator = startWithAddedPartitions();
    enumerator.snapshotState(4);

    enumerator.notifyCheckpointComplete(4);
    assertThatThrownBy(() -> enumerator.handleSourceEvent(0, new WentOn(4)))
        .as("now it is known to be none")
        .isInstanceOf(PartitionsAddedException.class)
        .hasMessageContaining("submitted again from checkpoint 4");
  }

  @Test
  void r3TheJobDoesNotEndWhileASavepointMayBeStoppingIt() {
    GatedEnumerator enumerator = startWithAddedPartitions();
    enumerator.snapshotState(4);
    enumerator.snapshotState(5);
    enumerator.handleSourceEvent(0, new WentOn(4));

    enumerator.notifyCheckpointComplete(4);
    assertThatThrownBy(() -> enumerator.handleSourceEvent(1, new WentOn(5)))
        .isInstanceOf(PartitionsAddedException.class)
        .hasMessageContaining("submitted again from checkpoint 4");
  }

  @Test
  void r15TheJobEndsWhenTheCheckpointAtWhichTheServerStoppedIsCompleteAndStopsNothing() {
    GatedEnumerator enumerator =
        start(new FakeEnumeratorContext(1), settings(2), GatedEnumeratorState.FRESH);
    enumerator.snapshotState(4);
    enumerator.handleSourceEvent(0, new WentOn(4));
    enumerator.notifyCheckpointComplete(4);
    enumerator.snapshotState(5);
    enumerator.handleSourceEvent(0, serverStopped(5));
    enumerator.notifyCheckpointComplete(5); // which may be a savepoint that stops the job

    assertThatThrownBy(() -> enumerator.handleSourceEvent(0, new WentOn(5)))
        .isInstanceOf(TrainingStoppedException.class);
    assertThat(ThrowableClassifier.getThrowableType(serverStopped(5).reason()))
        .as("a restart would meet the same batches")
        .isEqualTo(ThrowableType.NonRecoverableError);
  }

  @Test
  void r15WhereTheCheckpointFailsTheJobEndsAfterTheNextOne() {
    GatedEnumerator enumerator =
        start(new FakeEnumeratorContext(1), settings(2), GatedEnumeratorState.FRESH);
    enumerator.snapshotState(5); // it never completes
    enumerator.handleSourceEvent(0, serverStopped(5));
    enumerator.handleSourceEvent(0, new WentOn(5));
    enumerator.snapshotState(6);
    enumerator.handleSourceEvent(0, serverStopped(6));
    enumerator.handleSourceEvent(0, new WentOn(6));

    assertThatThrownBy(() -> enumerator.notifyCheckpointComplete(6))
        .isInstanceOf(TrainingStoppedException.class);
  }

  private static ServerStopped serverStopped(long checkpoint) {
    return new ServerStopped(
        checkpoint,
        new TrainingStoppedException(3, List.of("clicks-0", "clicks-1"), new long[] {8, 4}, 2));
  }

  private GatedEnumerator startWithAddedPartitions() {
    var context = new FakeEnumeratorContext(2);
    GatedEnumerator enumerator =
        start(context, discovering(OffsetPolicy.Unbounded::new), GatedEnumeratorState.FRESH);
    broker.partitions = 4;
    context.discovery.run();
    return enumerator;
  }

  @Test
  void aBrokerThatIsAwayDoesNotDisturbTheJob() {
    var context = new FakeEnumeratorContext(1);
    GatedEnumerator enumerator =
        start(context, discovering(OffsetPolicy.Unbounded::new), GatedEnumeratorState.FRESH);
    broker.refusal = new IOException("no broker answers");
    context.discovery.run();
    enumerator.snapshotState(3);
    enumerator.handleSourceEvent(0, new WentOn(3));
    enumerator.notifyCheckpointComplete(3);
  }

  @Test
  void aJobWithAnEndReadsThePartitionsThatItWasStartedWith() {
    var context = new FakeEnumeratorContext(1);
    start(context, discovering(OffsetPolicy.Latest::new), GatedEnumeratorState.FRESH);
    assertThat(context.discoveryPeriod).isZero();
  }

  private static SourceSettings discovering(Supplier<OffsetPolicy> stopping) {
    return new SourceSettings(
        new KafkaSettings("localhost:1", Map.of()),
        table(2),
        8,
        new OffsetPolicy.Earliest(),
        stopping.get(),
        null,
        new SourcePolicies(Duration.ofMinutes(5), null, null, null, false, false));
  }

  @Test
  void r6ATopicThatIsNotTheSameAnyMoreIsRefused() {
    broker.refusal = new IOException("topic clicks was created anew");

    assertThatThrownBy(
            () ->
                start(
                    new FakeEnumeratorContext(1),
                    settings(2),
                    new GatedEnumeratorState(table(2), List.of())))
        .hasMessageContaining("The source can't start: topic clicks was created anew");
    assertThat(broker.closed).isTrue();
  }

  @Test
  void beforeTheOffsetsAreKnownTheStateIsFresh() {
    GatedEnumerator enumerator =
        enumerator(new FakeEnumeratorContext(1), settings(2), GatedEnumeratorState.FRESH);

    assertThat(enumerator.snapshotState(1)).isEqualTo(GatedEnumeratorState.FRESH);
  }

  private GatedEnumerator start(
      FakeEnumeratorContext context, SourceSettings settings, GatedEnumeratorState state) {
    GatedEnumerator enumerator = enumerator(context, settings, state);
    IntStream.range(0, context.currentParallelism()).forEach(context::register);
    enumerator.start();
    return enumerator;
  }

  private GatedEnumerator enumerator(
      FakeEnumeratorContext context, SourceSettings settings, GatedEnumeratorState state) {
    return new GatedEnumerator(context, settings, () -> broker, state);
  }

  private static SourceSettings settings(int partitions) {
    return settings(partitions, SourcePolicies.DEFAULT);
  }

  private static SourceSettings settings(int partitions, SourcePolicies policies) {
    return new SourceSettings(
        new KafkaSettings("localhost:1", Map.of()),
        table(partitions),
        8,
        new OffsetPolicy.Timestamp(3),
        new OffsetPolicy.Latest(),
        null,
        policies);
  }
}
