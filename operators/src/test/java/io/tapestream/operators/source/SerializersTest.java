package io.tapestream.operators.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.VirtualWorkers;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class SerializersTest {

  private static final GatedSplit SPLIT =
      new GatedSplit(new TopicPartition("clicks", 3), 1L << 40, 12, 1L << 41, 99, true);

  @Test
  void r1ASplitComesBackWithItsBatchIndexAndRow() throws IOException {
    var serializer = new GatedSplitSerializer();

    assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(SPLIT)))
        .isEqualTo(SPLIT);
  }

  @Test
  void i2WhatAVirtualWorkerHasLeftUnsentTravelsWithItsSplit() throws IOException {
    MiniBatchCutter cutter = new MiniBatchCutter(0, SPLIT, 4);
    MiniBatch batch = new MiniBatchCutter(0, withResidual(), 4).next();
    assertThat(batch.residual().of(2)).containsExactly(0.5f, -1);
    assertThat(cutter.split().residual()).isEqualTo(new Residual());

    var serializer = new GatedSplitSerializer();
    GatedSplit read =
        serializer.deserialize(serializer.getVersion(), serializer.serialize(withResidual()));
    assertThat(read).isEqualTo(withResidual());
    assertThatThrownBy(() -> read.residual().of(3)).hasMessageContaining("2 unsent gradients");
  }

  @Test
  void aSplitsResidualDoesNotFollowTheTrainerThatGoesOnChangingIt() {
    MiniBatchCutter cutter = new MiniBatchCutter(0, withResidual(), 4);
    GatedSplit cut = cutter.split();
    cutter.next().residual().of(2)[0] = 9;

    assertThat(cut.residual().of(2)).containsExactly(0.5f, -1);
    assertThat(cutter.split().residual().of(2)).containsExactly(9, -1);
  }

  /** At its end, so that its last batch is empty. */
  private static GatedSplit withResidual() {
    return new GatedSplit(
        new TopicPartition("clicks", 3), 5, 0, 5, 7, false, new Residual(new float[] {0.5f, -1}));
  }

  @Test
  void aSplitOfAnUnknownVersionIsRefused() {
    assertThatThrownBy(() -> new GatedSplitSerializer().deserialize(2, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version 2");
  }

  @Test
  void theEnumeratorsStateComesBack() throws IOException {
    var serializer = new GatedEnumeratorStateSerializer();
    VirtualWorkers table =
        VirtualWorkers.of(
            List.of(new TopicPartition("b", 0), new TopicPartition("a", 10)),
            Map.of("a", "id-a", "b", "id-b"));
    for (var state :
        List.of(
            GatedEnumeratorState.FRESH,
            new GatedEnumeratorState(table, List.of()),
            new GatedEnumeratorState(table, List.of(SPLIT, SPLIT)))) {
      assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(state)))
          .isEqualTo(state);
    }
  }

  @Test
  void aMiniBatchPassesByReferenceInAChainAndStillSerializes() throws IOException {
    TurnSerializer serializer = TurnSerializer.INSTANCE;
    MiniBatch batch =
        new MiniBatch(
            7,
            new TopicPartition("clicks", 3),
            12,
            15,
            List.of(
                RawRecord.of(5, 1_700_000_000_000L, new byte[] {1, 2, 3}),
                new RawRecord(6, 8, new byte[0], 2, 9)),
            6,
            true);

    assertThat(serializer.copy(batch)).isSameAs(batch);
    var out = new DataOutputSerializer(16);
    serializer.serialize(batch, out);
    MiniBatch back =
        (MiniBatch) serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
    assertThat(back).usingRecursiveComparison().withStrictTypeChecking().isEqualTo(batch);
    assertThat(back.origin()).isEqualTo("clicks-3 offsets 5..6 (batch 12)");
    assertThat(back.examples()).isEqualTo(8);
  }

  @Test
  void turnsWithoutRecordsSerializeToo() throws IOException {
    TopicPartition partition = new TopicPartition("clicks", 3);
    for (Turn turn :
        List.of(
            new SkippedRound(7, partition, 12, 1L << 40),
            new LostRecords(7, partition, 12, 13, 1L << 40, 1L << 41))) {
      var out = new DataOutputSerializer(16);
      TurnSerializer.INSTANCE.serialize(turn, out);
      assertThat(
              TurnSerializer.INSTANCE.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
          .isEqualTo(turn);
    }
  }
}
