package io.tapestream.operators.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WeightReplicaTest {

  private final WeightReplica replica =
      new WeightReplica(BlockLayout.ofElements(5, 5, 3), new Synchronous());
  private final WeightReplica.Cursor cursor = replica.cursor();

  @Test
  void i3TheGateOpensWhenTheLastBlockOfTheRoundHasArrived() {
    AtomicInteger wakes = new AtomicInteger();
    replica.onAdvance(wakes::incrementAndGet);
    assertThat(replica.mayStart(0)).isFalse();

    replica.receive(weights(1, 0, 0));
    assertThat(replica.mayStart(0)).isFalse();
    assertThat(wakes).hasValue(0);
    replica.receive(weights(0, 0, 0));
    assertThat(wakes).hasValue(1);
    assertThat(replica.mayStart(0)).isTrue();
    assertThat(replica.mayStart(1)).as("with bound 0 one batch a round").isFalse();

    replica.receive(weights(0, 1, 1));
    assertThat(replica.mayStart(1)).isFalse();
    replica.receive(weights(1, 1, 1));
    assertThat(replica.mayStart(1)).isTrue();
    assertThat(wakes).hasValue(2);
    assertThat(replica.round()).isEqualTo(1);
  }

  @Test
  void aBatchSentBeforeTheRestoreWaitsForTheRoundItIsIn() {
    replica.receive(weights(0, 4, 4));
    replica.receive(weights(1, 4, 4));
    assertThat(replica.mayStart(replica.roundOf(0, 5)))
        .as("batch 4 was sent, and is in the open round")
        .isFalse();
  }

  @Test
  void r5TheGateAsksForABatchsRoundAndNotForItsIndex() {
    long[] batches = {2};
    long[] rounds = {5}; // joined late: its batch 2 counts in round 5
    replica.receive(new Weights(0, 4, batches, rounds, new float[3]));
    replica.receive(new Weights(1, 4, batches, rounds, new float[2]));
    assertThat(replica.roundOf(0, 2)).isEqualTo(5);
    assertThat(replica.mayStart(5)).isFalse();

    replica.receive(new Weights(0, 5, batches, rounds, new float[3]));
    replica.receive(new Weights(1, 5, batches, rounds, new float[2]));
    assertThat(replica.mayStart(replica.roundOf(0, 2))).isTrue();
    assertThat(replica.mayStart(replica.roundOf(0, 3))).isFalse();
  }

  @Test
  void r5TheBatchThatEndsASilenceWakesWhoeverWaits() {
    AtomicInteger wakes = new AtomicInteger();
    replica.onAdvance(wakes::incrementAndGet);
    replica.receive(silent(0, 4));
    replica.receive(silent(1, 4));
    assertThat(wakes).hasValue(1);
    assertThat(replica.busyRounds()).isEqualTo(4);

    replica.receive(silent(0, 6));
    assertThat(wakes).hasValue(2);
    assertThat(replica.busyRounds()).isEqualTo(6);
    assertThat(replica.round()).isEqualTo(5);
    replica.receive(silent(1, 6));
    assertThat(wakes).as("every block says so, once is enough").hasValue(2);
  }

  @Test
  void nobodyKnowsARoundBeforeAllWeightsHaveCome() {
    replica.receive(weights(0, 4, 4));
    assertThatThrownBy(() -> replica.roundOf(0, 4)).hasMessageContaining("no weights have come");
  }

  @Test
  void r4WhatIsHeldSaysWhetherALastRoundWasApplied() {
    replica.receive(weights(0, 4, 4));
    assertThat(replica.holds(0, 4)).isFalse();
    replica.receive(weights(1, 4, 4));
    assertThat(replica.holds(0, 4)).isTrue();
    assertThat(replica.holds(0, 5)).isFalse();
  }

  @Test
  void onlyBlocksThatHaveChangedAreCopied() {
    float[] model = new float[5];
    AtomicInteger copies = new AtomicInteger();
    WeightReplica.Target target =
        (to, source, from, length) -> {
          System.arraycopy(source, from, model, to, length);
          copies.incrementAndGet();
        };
    replica.receive(weights(0, 0, 0));
    replica.receive(weights(1, 0, 0));
    cursor.copyTo(target);
    replica.receive(weights(1, 1, 1));
    cursor.copyTo(target);
    cursor.copyTo(target);

    assertThat(copies).hasValue(3);
    assertThat(model).containsExactly(0, 0, 0, 11, 11);
  }

  @Test
  void eachTrainerCopiesWhatItHasNotSeen() {
    replica.receive(weights(0, 0, 0));
    replica.receive(weights(1, 0, 0));
    cursor.copyTo((to, source, from, length) -> {});
    replica.receive(weights(1, 1, 1));
    WeightReplica.Cursor other = replica.cursor();

    float[] model = new float[5];
    List<Integer> copied = new ArrayList<>();
    WeightReplica.Target target =
        (to, source, from, length) -> {
          System.arraycopy(source, from, model, to, length);
          copied.add(to);
        };
    assertThat(cursor.copyTo(target)).isZero();
    assertThat(copied).containsExactly(3);
    copied.clear();
    assertThat(other.copyTo(target)).isZero();
    assertThat(copied).containsExactly(0, 3);
    assertThat(model).containsExactly(0, 0, 0, 11, 11);
  }

  @Test
  void r16ALaterRoundWakesThoughAnotherBlockHoldsFewerBatches() {
    AtomicInteger wakes = new AtomicInteger();
    replica.receive(new Weights(0, 3, new long[] {9}, new long[] {3}, new float[3]));
    replica.receive(new Weights(1, 4, new long[] {4}, new long[] {4}, new float[2]));
    replica.onAdvance(wakes::incrementAndGet);

    replica.receive(new Weights(0, 4, new long[] {9}, new long[] {4}, new float[3]));

    assertThat(wakes).hasValue(1);
    assertThat(replica.round()).isEqualTo(4);
  }

  @Test
  void i3UnderABoundTheOldestBlockDecides() {
    WeightReplica bounded = new WeightReplica(BlockLayout.ofElements(5, 5, 3), new Bounded(2));
    bounded.receive(weights(0, 4, 4));
    bounded.receive(weights(1, 3, 3));
    assertThat(bounded.mayStart(5)).isTrue();
    assertThat(bounded.mayStart(6)).as("3 rounds before it may be missing").isFalse();
    bounded.receive(weights(1, 4, 4));
    assertThat(bounded.mayStart(6)).isTrue();
  }

  @Test
  void r16WithoutABoundOnlyTheFirstWeightsAreWaitedFor() {
    WeightReplica asynchronous =
        new WeightReplica(BlockLayout.ofElements(5, 5, 3), new Asynchronous());
    asynchronous.receive(weights(0, 0, 0));
    assertThat(asynchronous.mayStart(0)).isFalse();
    asynchronous.receive(weights(1, 0, 0));
    assertThat(asynchronous.mayStart(1_000)).isTrue();
  }

  @Test
  void r16WeightsThatHoldMoreBatchesWakeThoughNoRoundHasClosed() {
    AtomicInteger wakes = new AtomicInteger();
    replica.receive(weights(0, 3, 3));
    replica.receive(weights(1, 3, 3));
    replica.onAdvance(wakes::incrementAndGet);

    replica.receive(weights(0, 3, 4));
    assertThat(wakes).hasValue(0);
    replica.receive(weights(1, 3, 4));
    assertThat(wakes).hasValue(1);
    assertThat(replica.holds(0, 4)).isTrue();
  }

  @Test
  void r16WhatArrivesDuringAStepWaitsForTheNextCopy() {
    float[] model = new float[5];
    replica.receive(weights(0, 0, 0));
    replica.receive(weights(1, 0, 0));
    long held =
        cursor.copyTo(
            (to, source, from, length) -> {
              replica.receive(weights(0, 1, 1));
              replica.receive(weights(1, 1, 1));
              System.arraycopy(source, from, model, to, length);
            });
    assertThat(held).isZero();
    assertThat(model).containsExactly(0, 0, 0, 0, 0);

    held = cursor.copyTo((to, source, from, n) -> System.arraycopy(source, from, model, to, n));
    assertThat(held).isEqualTo(1);
    assertThat(model).containsExactly(0, 0, 0, 11, 11);
  }

  @Test
  void weightsOfAnotherLayoutAreRefused() {
    Weights wrong = new Weights(1, 0, new long[1], new long[1], new float[3]);
    assertThatThrownBy(() -> replica.receive(wrong))
        .hasMessageContaining("block 1 has 2 values here, but 3 arrived");
  }

  /** Five rounds are complete. */
  private static Weights silent(int block, long busyRounds) {
    float[] values = new float[block == 0 ? 3 : 2];
    return new Weights(block, 5, new long[1], new long[] {5}, busyRounds, values);
  }

  private static Weights weights(int block, long round, long applied) {
    float[] values = new float[block == 0 ? 3 : 2];
    Arrays.fill(values, 11f * block * round);
    return new Weights(block, round, new long[] {applied}, new long[] {round}, values);
  }
}
