package io.tapestream.operators.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MiniBatchCutterTest {

  private static final TopicPartition PARTITION = new TopicPartition("clicks", 3);
  private static final byte[] VALUE = {1};

  @Test
  void cutsByCountAndSaysWhereTheNextBatchStarts() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(100, GatedSplit.UNBOUNDED), 2);
    addAll(cutter, 100, 101, 102);

    MiniBatch first = cutter.next();

    assertThat(offsets(first)).containsExactly(100L, 101L);
    assertThat(first.index()).isZero();
    assertThat(first.nextOffset()).isEqualTo(102);
    assertThat(first.last()).isFalse();
    assertThat(cutter.hasNext()).isFalse();
    assertThat(cutter.split()).isEqualTo(split(102, 0, GatedSplit.UNBOUNDED, 1, false));
  }

  @Test
  void r1APartlyFilledBatchIsNotState() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(0, GatedSplit.UNBOUNDED), 10);
    addAll(cutter, 0, 1, 2);

    assertThat(cutter.split()).isEqualTo(from(0, GatedSplit.UNBOUNDED));
  }

  @Test
  void r6OffsetsMayHaveGapsBecauseRecordsAreCounted() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(0, GatedSplit.UNBOUNDED), 3);
    addAll(cutter, 7, 20, 90);

    assertThat(offsets(cutter.next())).containsExactly(7L, 20L, 90L);
    assertThat(cutter.split().offset()).isEqualTo(91);
  }

  @Test
  void aRecordOfManyExamplesStraddlesBatches() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(5, GatedSplit.UNBOUNDED), 4);
    cutter.add(5, 0, VALUE, 3);
    cutter.add(6, 0, VALUE, 7);

    assertThat(rows(cutter.next())).containsExactly("5:0-3", "6:0-1");
    assertThat(cutter.split()).isEqualTo(split(6, 1, GatedSplit.UNBOUNDED, 1, false));
    MiniBatch second = cutter.next();
    assertThat(rows(second)).containsExactly("6:1-5");
    assertThat(second.nextOffset()).as("record 6 is not wholly sent").isEqualTo(6);
    assertThat(cutter.split()).isEqualTo(split(6, 5, GatedSplit.UNBOUNDED, 2, false));
  }

  @Test
  void aRestoredStraddlerGoesOnAtItsRow() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, split(6, 5, GatedSplit.UNBOUNDED, 2, false), 4);
    assertThat(cutter.split().row()).isEqualTo(5);
    cutter.add(6, 0, VALUE, 7);
    cutter.add(7, 0, VALUE, 7);

    MiniBatch next = cutter.next();

    assertThat(next.index()).isEqualTo(2);
    assertThat(rows(next)).containsExactly("6:5-7", "7:0-2");
  }

  @Test
  void aStraddlerThatVanishedWhileTheJobWasDownIsRefused() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, split(6, 5, GatedSplit.UNBOUNDED, 2, false), 4);

    assertThatThrownBy(() -> cutter.add(8, 0, VALUE, 7))
        .hasMessageContaining("clicks-3 must go on at row 5 of offset 6")
        .hasMessageContaining("offset 8");
  }

  @Test
  void aRecordWithoutExamplesOnlyMovesThePosition() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(0, GatedSplit.UNBOUNDED), 1);
    cutter.add(0, 0, VALUE, 0);

    assertThat(cutter.hasNext()).isFalse();
    assertThat(cutter.split().offset()).isEqualTo(1);
  }

  @Test
  void r4TheShortRestLeavesWithTheLastBatch() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(0, 5), 2);
    addAll(cutter, 0, 1, 2);
    cutter.end();

    assertThat(cutter.next().last()).isFalse();
    MiniBatch rest = cutter.next();
    assertThat(offsets(rest)).containsExactly(2L);
    assertThat(rest.last()).isTrue();
    assertThat(rest.nextOffset()).as("nothing more lies before the stopping offset").isEqualTo(5);
    assertThat(cutter.hasNext()).isFalse();
    assertThat(cutter.split()).isEqualTo(split(5, 0, 5, 2, true));
  }

  @Test
  void r4AnEmptySplitLeavesToo() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(5, 5), 2);

    assertThat(cutter.isOnlyLeaving()).isTrue();
    MiniBatch leave = cutter.next();
    assertThat(leave.isEmpty()).isTrue();
    assertThat(leave.last()).isTrue();
    assertThat(leave.index()).isZero();
    assertThat(cutter.split().left()).isTrue();
    assertThat(cutter.split().batch()).isZero();
  }

  @Test
  void aPartitionThatEndsRightAfterABatchStillLeaves() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(0, 9), 2);
    addAll(cutter, 0, 1);
    MiniBatch full = cutter.next();
    assertThat(full.last()).as("more may come before offset 9").isFalse();

    cutter.end();

    assertThat(cutter.next().isEmpty()).isTrue();
    assertThat(cutter.batch()).as("an empty leave is no batch").isEqualTo(1);
  }

  @Test
  void theBatchWhoseLastRecordIsTheLastBeforeTheStopIsLast() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, from(0, 2), 2);
    addAll(cutter, 0, 1);

    assertThat(cutter.next().last()).isTrue();
    cutter.end();
    assertThat(cutter.hasNext()).isFalse();
  }

  @Test
  void aRestoredSplitThatHasLeftStaysOut() {
    MiniBatchCutter cutter = new MiniBatchCutter(1, split(5, 0, 5, 2, true), 2);

    assertThat(cutter.hasNext()).isFalse();
    assertThat(cutter.hasLeft()).isTrue();
  }

  /** Batch t is always the same records, however often the source is cut off and restored. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void i1BatchesAreTheSameAfterAnyRestores(long seed) {
    Random random = new Random(seed);
    List<long[]> records = new ArrayList<>(); // offset, rows
    long offset = 10;
    for (int i = 0; i < 200; i++) {
      offset += 1 + (random.nextInt(4) == 0 ? random.nextInt(5) : 0);
      records.add(new long[] {offset, random.nextInt(9)});
    }
    long stop = offset + 1;

    List<String> undisturbed = run(records, stop, new Random(seed), 0);
    List<String> disturbed = run(records, stop, new Random(seed), 0.2);

    assertThat(disturbed).isEqualTo(undisturbed);
    assertThat(undisturbed).hasSizeGreaterThan(50);
  }

  private static List<String> run(List<long[]> records, long stop, Random random, double cutOff) {
    List<String> batches = new ArrayList<>();
    GatedSplit state = from(0, stop);
    while (!state.left()) {
      GatedSplit start = state;
      MiniBatchCutter cutter = new MiniBatchCutter(1, start, 7);
      boolean crashed = false;
      for (long[] record : records) {
        if (record[0] >= start.offset() && !crashed) {
          cutter.add(record[0], 0, VALUE, (int) record[1]);
          while (cutter.hasNext() && random.nextInt(3) > 0) {
            batches.add(describe(cutter.next()));
          }
          crashed = random.nextDouble() < cutOff;
        }
      }
      if (!crashed && !cutter.hasLeft()) {
        cutter.end();
        while (cutter.hasNext()) {
          batches.add(describe(cutter.next()));
        }
      }
      state = cutter.split();
    }
    batches.removeIf(String::isEmpty);
    return batches;
  }

  private static String describe(MiniBatch batch) {
    return batch.isEmpty() ? "" : batch.index() + " " + rows(batch);
  }

  private static void addAll(MiniBatchCutter cutter, long... offsets) {
    for (long offset : offsets) {
      cutter.add(offset, 0, VALUE, 1);
    }
  }

  private static GatedSplit from(long offset, long stop) {
    return split(offset, 0, stop, 0, false);
  }

  private static GatedSplit split(long offset, int row, long stop, long batch, boolean left) {
    return new GatedSplit(PARTITION, offset, row, stop, batch, left);
  }

  private static List<Long> offsets(MiniBatch batch) {
    return batch.records().stream().map(RawRecord::offset).toList();
  }

  private static List<String> rows(MiniBatch batch) {
    return batch.records().stream()
        .map(r -> r.offset() + ":" + r.fromRow() + "-" + r.toRow())
        .toList();
  }
}
