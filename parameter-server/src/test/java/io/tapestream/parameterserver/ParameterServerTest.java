package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Course;
import io.tapestream.files.Course.Gap;
import io.tapestream.files.Course.Run;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Gradient.Rows;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Message.Lost;
import io.tapestream.parameterserver.Message.Skip;
import io.tapestream.parameterserver.Message.Turn;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.schedules.ExponentialDecay;
import io.tapestream.schedules.Schedule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ParameterServerTest {

  private static final BlockRange TRAINED = new BlockRange(0, 0, 4, true);
  private static final BlockRange STATISTICS = new BlockRange(0, 0, 2, false);

  private final ParameterServer server = server(new Sgd(1), true);
  private final Block block = server.fresh(TRAINED, new float[] {1, 2, 3, 4}, 2);

  @Test
  void aRoundOfTwoVirtualWorkersIsOneStepOnTheMeanGradient() {
    assertThat(server.accept(block, contribution(1, 0, 3, 8, 8, 8, 8))).isEmpty();
    Weights weights = server.accept(block, contribution(0, 0, 1, 0, 0, 0, 4)).orElseThrow();

    assertThat(weights.values()).containsExactly(1 - 2, 2 - 2, 3 - 2, 4 - 3);
    assertThat(weights.round()).isEqualTo(1);
    assertThat(weights.applied()).containsExactly(1, 1);
    assertThat(weights.rounds()).containsExactly(1, 1);
  }

  @Test
  void r1ARepeatedContributionIsRefusedAndChangesNothing() {
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    byte[] before = Formats.bytes(block);

    assertThatThrownBy(() -> server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("virtual worker 0 with batch 0")
        .hasMessageContaining("batch 1 is expected");
    assertThat(Formats.bytes(block)).isEqualTo(before);
  }

  @Test
  void r1AContributionAfterALostOneIsRefused() {
    assertThatThrownBy(() -> server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("batch 0 is expected");
  }

  @Test
  void i3AContributionThatRunsAheadOfTheBoundIsRefused() {
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));

    assertThatThrownBy(() -> server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("counts in round 1, but only 0 rounds are complete");
  }

  @Test
  void r2AnEmptyRoundAdvancesTheClocksAndTouchesNeitherWeightNorSlotNorStep() {
    ParameterServer adam = server(new Adam(0.1), true);
    Block fresh = adam.fresh(TRAINED, new float[] {1, 2, 3, 4}, 1);
    adam.accept(fresh, contribution(0, 0, 1, 1, 1, 1, 1));
    Block before = fresh.copy();

    Weights weights = adam.accept(fresh, empty(0, 1)).orElseThrow();

    assertThat(weights.round()).isEqualTo(2);
    assertThat(weights.applied()).containsExactly(2);
    assertThat(fresh.values).containsExactly(before.values);
    assertThat(fresh.slots).isDeepEqualTo(before.slots);
    assertThat(fresh.applied()).isEqualTo(1);
  }

  @Test
  void r2TheLearningRateFollowsTheRoundsEmptyOnesIncluded() {
    Schedule halving = new ExponentialDecay(1, 1, 0.5);
    ParameterServer scheduled = server(new Sgd(halving), true);
    Block fresh = scheduled.fresh(TRAINED, new float[4], 1);
    scheduled.accept(fresh, contribution(0, 0, 1, -1, 0, 0, 0));
    scheduled.accept(fresh, empty(0, 1));
    scheduled.accept(fresh, contribution(0, 2, 1, -1, 0, 0, 0));

    assertThat(fresh.values()[0]).isEqualTo(1 + 0.25f);
  }

  @Test
  void r2AContributionWithoutWeightAddsNothingToItsRoundEvenIfItCarriesNumbers() {
    Contribution poisoned =
        new Contribution(
            0,
            0,
            0,
            0,
            new Dense(new float[] {Float.NaN, 0, 0, 0}),
            new Header(0, 0, new double[0], new double[0], 5));
    server.accept(block, poisoned);
    server.accept(block, contribution(1, 0, 2, 2, 2, 2, 2));

    assertThat(block.values()).containsExactly(0, 1, 2, 3);
    assertThat(block.records()).isEqualTo(5 + 1);
  }

  @Test
  void r15ABlockStopsAfterSoManySkippedBatchesInARowWhateverTheOrderOfArrival() {
    ParameterServer guarded = new ParameterServer(new Sgd(1), new Synchronous(), true, 3);
    int[][] orders = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    byte[] expected = null;
    for (int[] order : orders) {
      Block fresh = guarded.fresh(TRAINED, new float[] {1, 2, 3, 4}, 3);
      guarded.accept(fresh, contribution(0, 0, 1, 0, 0, 0, 0));
      guarded.accept(fresh, contribution(1, 0, 1, 0, 0, 0, 0));
      guarded.accept(fresh, skipped(2, 0)); // 1
      assertThat(fresh.round()).isEqualTo(1);
      assertThat(fresh.provenRound()).isZero();
      for (int vw : order) {
        Contribution next = vw == 2 ? contribution(2, 1, 1, 4, 4, 4, 4) : skipped(vw, 1); // 2, 3
        assertThat(guarded.accept(fresh, next)).isEmpty();
      }
      assertThat(fresh.isStopped()).isTrue();
      assertThat(fresh.round()).as("the round stays open").isEqualTo(1);
      assertThat(fresh.received()).containsExactly(2, 2, 202);
      assertThat(fresh.learned()).containsExactly(1, 101, 1);
      expected = expected == null ? Formats.bytes(fresh) : expected;
      assertThat(Formats.bytes(fresh)).isEqualTo(expected);
    }

    Block stopped = Formats.block(expected);
    guarded.goOn(stopped);

    assertThat(stopped.isStopped()).isFalse();
    assertThat(stopped.skippedInRow()).isZero();
    assertThat(stopped.round()).isEqualTo(2);
    assertThat(stopped.values()).containsExactly(-3, -2, -1, 0);
    assertThat(stopped.learned()).containsExactly(2, 2, 202);
    assertThat(stopped.provenRound()).isEqualTo(1);
  }

  @Test
  void aBatchThatCountsEndsTheRowOfSkippedOnesAndAnEmptyOneDoesNot() {
    ParameterServer guarded = new ParameterServer(new Sgd(1), new Synchronous(), true, 2);
    Block fresh = guarded.fresh(TRAINED, new float[4], 1);
    guarded.accept(fresh, skipped(0, 0));
    guarded.accept(fresh, contribution(0, 1, 1, 0, 0, 0, 0));
    guarded.accept(fresh, skipped(0, 2));
    assertThat(guarded.accept(fresh, empty(0, 3))).isPresent();
    assertThat(fresh.skippedInRow()).isEqualTo(1);

    guarded.accept(fresh, skipped(0, 4));

    assertThat(fresh.isStopped()).isTrue();
    assertThat(fresh.provenRound()).isEqualTo(1);
  }

  @Test
  void r16AStoppedBlockStillTakesWhatIsAppliedOnArrivalButNoWeightsLeave() {
    ParameterServer guarded = new ParameterServer(new Sgd(1), new Asynchronous(), true, 1);
    Block fresh = guarded.fresh(TRAINED, new float[] {1, 2, 3, 4}, 1);

    assertThat(guarded.accept(fresh, skipped(0, 0))).isEmpty();
    assertThat(guarded.accept(fresh, contribution(0, 1, 1, 1, 1, 1, 1))).isEmpty();
    assertThat(fresh.values()).containsExactly(0, 1, 2, 3);
    assertThat(fresh.learned()).containsExactly(2);

    guarded.goOn(fresh);
    assertThat(guarded.accept(fresh, contribution(0, 2, 1, 1, 1, 1, 1))).isPresent();
    assertThat(fresh.round()).isEqualTo(3);
  }

  @Test
  void r2ASumLossIsNotDivided() {
    ParameterServer summing = server(new Sgd(1), false);
    Block counts = summing.fresh(TRAINED, new float[4], 2);
    summing.accept(counts, contribution(0, 0, 5, -1, -1, 0, 0));
    summing.accept(counts, contribution(1, 0, 7, -1, 0, -1, 0));

    assertThat(counts.values()).containsExactly(2, 1, 1, 0);
  }

  @Test
  void i2TheOrderOfArrivalDoesNotChangeABit() {
    Contribution[] round = {
      contribution(0, 0, 1, 1e8f, 1, 3, 0.1f),
      contribution(1, 0, 1, 1, 1e8f, 1e-8f, 0.2f),
      contribution(2, 0, 1, -1e8f, -1e8f, 7, 0.3f),
    };
    int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    byte[] expected = null;
    for (int[] order : orders) {
      Block fresh = server.fresh(TRAINED, new float[] {1, 2, 3, 4}, 3);
      for (int vw : order) {
        server.accept(fresh, round[vw]);
      }
      byte[] bytes = Formats.bytes(fresh);
      expected = expected == null ? bytes : expected;
      assertThat(bytes).isEqualTo(expected);
    }
  }

  @Test
  void i6AnUpdateThatIsNotFiniteIsRefusedBeforeItIsApplied() {
    ParameterServer adam = server(new Adam(0.1), true);
    Block fresh = adam.fresh(new BlockRange(0, 8, 10, true), new float[10], 1);

    assertThatThrownBy(() -> adam.accept(fresh, contribution(0, 0, 1, 1, 1e30f)))
        .isInstanceOf(NonFiniteException.class)
        .hasMessageContaining("slot 1 of parameter 9 (block 0) Infinity");
    assertThat(fresh.values()).containsExactly(0, 0);
    assertThat(fresh.slots).isDeepEqualTo(new float[2][2]);
    assertThat(fresh.applied()).isZero();
  }

  @Test
  void r15AShardFailsBeforeItAppliesAnythingOfANonFiniteRound() {
    ParameterServer sgd = server(new Sgd(1), false);
    Block fresh = sgd.fresh(new BlockRange(0, 0, 2, true), new float[] {3, 4}, 2);
    sgd.accept(fresh, contribution(0, 0, 1, 1, Float.MAX_VALUE));

    assertThatThrownBy(() -> sgd.accept(fresh, contribution(1, 0, 1, 1, Float.MAX_VALUE)))
        .isInstanceOf(NonFiniteException.class)
        .hasMessageContaining("parameter 1 (block 0)");
    assertThat(fresh.values()).containsExactly(3, 4);
    assertThat(fresh.round()).isZero();
  }

  @Test
  void r4ARoundDoesNotWaitForOneThatHasLeft() {
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1));
    server.accept(block, contribution(1, 1, 1, 1, 1, 1, 1));

    Weights weights = server.accept(block, new Leave(0, 0, 1)).orElseThrow();

    assertThat(weights.round()).isEqualTo(2);
    assertThat(block.values()).containsExactly(-1, 0, 1, 2);
    assertThatThrownBy(() -> server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("has left");
  }

  @Test
  void r4TheLastRoundClosesWhenTheLastOnesLeaveAndNoRoundAfterIt() {
    server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1));
    assertThat(server.accept(block, new Leave(0, 1, 1))).isEmpty();

    assertThat(server.accept(block, new Leave(0, 0, 0)).orElseThrow().applied())
        .containsExactly(0, 1);
    assertThat(block.round()).isEqualTo(1);
  }

  @Test
  void r4AnEmptyPartitionLeavesWithoutABatch() {
    assertThat(server.accept(block, new Leave(0, 0, 0))).isEmpty();
    assertThat(server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1))).isPresent();
  }

  @Test
  void r5ASkippedRoundTakesNoBatchAndTheNextBatchCountsInTheRoundAfterIt() {
    assertThat(server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1))).isEmpty();
    Weights weights = server.accept(block, new Skip(0, 1, 0, 0)).orElseThrow();

    assertThat(weights.values()).containsExactly(0, 1, 2, 3);
    assertThat(weights.applied()).containsExactly(1, 0);
    assertThat(weights.rounds()).containsExactly(1, 1);
    assertThat(weights.roundOf(1, 0)).isEqualTo(1);
    assertThat(block.learned()).containsExactly(1, -1);

    server.accept(block, contribution(1, 0, 3, 4, 4, 4, 4));
    Weights next = server.accept(block, contribution(0, 1, 1, 0, 0, 0, 0)).orElseThrow();
    assertThat(next.values()).containsExactly(-1, 0, 1, 2);
    assertThat(next.applied()).containsExactly(2, 1);
    assertThat(next.rounds()).containsExactly(2, 2);
  }

  @Test
  void r5RoundsStayExactInTheMiddleOfARoundAfterSkips() {
    server.accept(block, new Skip(0, 1, 0, 0));
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1)); // counts in round 1, waits there

    Weights restored = Formats.block(Formats.bytes(block)).weights();

    assertThat(restored.round()).isEqualTo(1);
    assertThat(restored.applied()).containsExactly(1, 0);
    assertThat(restored.rounds()).containsExactly(1, 1);
    assertThat(restored.roundOf(0, 2)).isEqualTo(2);
    assertThat(restored.roundOf(1, 0)).isEqualTo(1);
  }

  @Test
  void r5ASkipThatIsRepeatedOrAheadOrForAnotherBatchIsRefusedAndChangesNothing() {
    server.accept(block, new Skip(0, 1, 0, 0));
    byte[] before = Formats.bytes(block);
    Map<Skip, String> refused =
        Map.of(
            new Skip(0, 1, 0, 0), "counts in round 1, but only 0 rounds are complete",
            new Skip(0, 1, 0, 1), "counts in round 1, but only 0 rounds are complete",
            new Skip(0, 0, 0, 1), "skips round 1, but its next one is round 0",
            new Skip(0, 0, 1, 0), "batch 0 is expected",
            new Skip(0, 2, 0, 0), "knows only 2 virtual workers");
    refused.forEach(
        (skip, reason) ->
            assertThatThrownBy(() -> server.accept(block, skip))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("refuses the Skip of virtual worker " + skip.virtualWorker())
                .hasMessageContaining(reason));
    assertThat(Formats.bytes(block)).isEqualTo(before);

    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    assertThatThrownBy(() -> server.accept(block, new Skip(0, 1, 0, 0)))
        .hasMessageContaining("skips round 0, but its next one is round 1");
  }

  @Test
  void r5ARoundThatEverybodySkipsClosesAndTouchesNothing() {
    server.accept(block, new Skip(0, 1, 0, 0));
    Weights weights = server.accept(block, new Skip(0, 0, 0, 0)).orElseThrow();

    assertThat(weights.round()).isEqualTo(1);
    assertThat(weights.applied()).containsExactly(0, 0);
    assertThat(weights.values()).containsExactly(1, 2, 3, 4);
    assertThat(block.applied()).isZero();
    assertThat(block.lastReport()).isEqualTo(Header.NONE);
  }

  @Test
  void r5OneThatHasSkippedMayLeaveAndTheRoundsAgreeInWhateverOrderTheLastOnesGo() {
    Turn[] first = {new Skip(0, 0, 0, 0), new Leave(0, 0, 0)};
    Turn[] second = {new Leave(0, 1, 0)};
    for (int secondAt = 0; secondAt <= first.length; secondAt++) {
      Block fresh = server.fresh(TRAINED, new float[4], 2);
      for (int i = 0; i <= first.length; i++) {
        server.accept(fresh, i == secondAt ? second[0] : first[i < secondAt ? i : i - 1]);
      }
      assertThat(fresh.round()).isEqualTo(1);
    }
  }

  @Test
  void r3OneThatJoinsCountsFromTheRoundAfterTheOpenOne() {
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    assertThat(server.accept(block, new Join(0, 1, 0))).isEmpty(); // the old 1 is now 2
    assertThat(block.weights().roundOf(1, 0)).isEqualTo(1);
    assertThat(block.weights().roundOf(2, 0)).isEqualTo(0);
    assertThatThrownBy(() -> server.accept(block.copy(), contribution(1, 0, 1, 1, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class);

    assertThat(server.accept(block, contribution(2, 0, 1, 1, 1, 1, 1))).isPresent();

    server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1));
    server.accept(block, contribution(2, 1, 1, 1, 1, 1, 1));
    assertThat(server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1)).orElseThrow().applied())
        .containsExactly(2, 1, 2);
  }

  @Test
  void r3OneThatJoinsAfterAllHaveLeftStartsTheNextRound() {
    server.accept(block, new Leave(0, 0, 0));
    server.accept(block, new Leave(0, 1, 0));
    assertThat(block.round()).isZero();

    Weights weights = server.accept(block, new Join(0, 2, 0)).orElseThrow();

    assertThat(weights.roundOf(2, 0)).isEqualTo(weights.round());
    assertThat(server.accept(block, contribution(2, 0, 1, 1, 1, 1, 1))).isPresent();
  }

  @Test
  void statisticsBecomeTheWeightedMeanOfWhatTheVirtualWorkersLearned() {
    Block statistics = server.fresh(STATISTICS, new float[2], 3);
    server.accept(statistics, contribution(0, 0, 1, 0.1f, 10));
    server.accept(statistics, contribution(1, 0, 3, 0.1f, 20));
    server.accept(statistics, empty(2, 0));

    assertThat(statistics.values()).containsExactly(0.1f, 17.5f);
    server.accept(statistics, empty(0, 1));
    server.accept(statistics, empty(1, 1));
    server.accept(statistics, empty(2, 1));
    assertThat(statistics.values()).containsExactly(0.1f, 17.5f);
  }

  @Test
  void rowsAddUpAsTheDenseGradientTheyStandFor() {
    Block dense = block.copy();
    server.accept(dense, contribution(0, 0, 1, 0, 5, 6, 0));
    server.accept(dense, contribution(1, 0, 1, 0, 7, 8, 0));
    Rows first = new Rows(-3, 2, new int[] {2}, new float[] {5, 6});
    Rows second = new Rows(1, 1, new int[] {1, 0}, new float[] {8, 7});
    server.accept(block, contribution(0, 0, 1, first));
    server.accept(block, contribution(1, 0, 1, second));

    assertThat(block.values()).containsExactly(dense.values());
  }

  @Test
  void aGradientOfTheWrongShapeIsRefused() {
    assertThatThrownBy(() -> server.accept(block, contribution(0, 0, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("2 values for a block of 4");
    assertThatThrownBy(() -> server.accept(block, contribution(0, 0, 1, new None())))
        .hasMessageContaining("a None gradient of weight 1.0 for a trained block");
    Rows outside = new Rows(0, 2, new int[] {2}, new float[2]);
    assertThatThrownBy(() -> server.accept(block, contribution(0, 0, 1, outside)))
        .hasMessageContaining("row 2 is at 4 to 6 of a block of 4");
    assertThatThrownBy(() -> server.accept(block, contribution(0, 0, Double.NaN, 1, 1, 1, 1)))
        .hasMessageContaining("its weight is NaN");
    assertThat(Formats.bytes(block))
        .isEqualTo(Formats.bytes(server.fresh(TRAINED, new float[] {1, 2, 3, 4}, 2)));
  }

  @Test
  void offsetsAreLearnedWhenTheirRoundClosesAndNotBefore() {
    assertThat(block.learned()).containsExactly(-1, -1);
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    assertThat(block.learned()).containsExactly(-1, -1);
    server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1));
    assertThat(block.learned()).containsExactly(1, 101);
    server.accept(block, contribution(1, 1, 1, 1, 1, 1, 1));
    assertThat(block.learned()).containsExactly(1, 101);
  }

  @Test
  void reportsAddUpOverTheRoundsSinceThePublication() {
    for (int batch = 0; batch < 2; batch++) {
      server.accept(block, contribution(0, batch, 1, 0, 0, 0, 0));
      server.accept(block, contribution(1, batch, 3, 0, 0, 0, 0));
    }
    assertThat(block.lastReport().weight()).isEqualTo(4);
    assertThat(block.lastReport().loss()).isEqualTo(2);
    assertThat(block.lastReport().metric(0)).isEqualTo(0.5);
    assertThat(block.report().weight()).isEqualTo(8);
    assertThat(block.records()).isEqualTo(4);

    block.markPublished();
    assertThat(block.published()).isEqualTo(2);
    assertThat(block.report()).isEqualTo(Header.NONE);
  }

  @Test
  void r16UnderABoundContributionsCountOnArrivalAndWeightsLeaveWhenTheSlowestAdvances() {
    ParameterServer stale = server(new Bounded(1));
    Block fresh = stale.fresh(TRAINED, new float[4], 2);
    assertThat(stale.accept(fresh, contribution(0, 0, 2, 2, 2, 2, 2))).isEmpty();
    assertThat(fresh.values()).containsExactly(-1, -1, -1, -1);
    assertThat(stale.accept(fresh, contribution(0, 1, 2, 2, 2, 2, 2))).isEmpty();
    assertThat(fresh.records()).as("what the values hold is known at any time").isEqualTo(2);
    assertThat(fresh.learned()).containsExactly(2, -1);
    assertThatThrownBy(() -> stale.accept(fresh, contribution(0, 2, 2, 2, 2, 2, 2)))
        .isInstanceOf(ProtocolException.class);

    Weights weights = stale.accept(fresh, contribution(1, 0, 2, 2, 2, 2, 2)).orElseThrow();

    assertThat(weights.round()).isEqualTo(1);
    assertThat(weights.applied()).containsExactly(2, 1);
    assertThat(weights.roundOf(0, 2)).isEqualTo(2);
    assertThat(fresh.values()).containsExactly(-3, -3, -3, -3);
    assertThat(fresh.lastReport().records()).isEqualTo(3);
  }

  @Test
  void r16ABlockThatWasCutUnderOneModeGoesOnUnderAnother() {
    Block counts = server.fresh(TRAINED, new float[4], 3);
    server.accept(counts, contribution(0, 0, 1, 1, 0, 0, 0)); // in the sum
    server.accept(counts, contribution(2, 0, 1, 0, 0, 1, 0)); // held
    ParameterServer free = server(new Asynchronous());

    free.accept(counts, contribution(0, 1, 1, 0, 0, 0, 1));

    assertThat(counts.values())
        .as("the mean of what waited, then a step")
        .containsExactly(-0.5f, 0, -0.5f, -1);
    assertThat(counts.weights().applied()).containsExactly(2, 0, 1);
    assertThat(counts.learned()).containsExactly(2, -1, 201);
    assertThat(counts.records()).isEqualTo(3);

    server.accept(counts, contribution(1, 0, 1, 0, 1, 0, 0));
    assertThat(counts.round()).as("worker 0 is a round ahead").isEqualTo(1);
    assertThat(counts.values()).containsExactly(-0.5f, -1, -0.5f, -1);
    server.accept(counts, contribution(1, 1, 1, 0, 2, 0, 0));
    server.accept(counts, contribution(2, 1, 1, 0, 0, 2, 0));
    assertThat(counts.round()).isEqualTo(2);
    assertThat(counts.values()).containsExactly(-0.5f, -2, -1.5f, -1);
  }

  @Test
  void i3ASkipMayNotRunAheadOfTheBoundEither() {
    ParameterServer stale = server(new Bounded(1));
    Block fresh = stale.fresh(TRAINED, new float[4], 2);
    stale.accept(fresh, new Skip(0, 0, 0, 0));
    stale.accept(fresh, new Skip(0, 0, 0, 1));
    assertThatThrownBy(() -> stale.accept(fresh, new Skip(0, 0, 0, 2)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("round 2, but only 0 rounds are complete, too few for bounded(1)");
  }

  @Test
  void r16WithoutABoundWeightsLeaveOnceForAsManyContributionsAsThereAreVirtualWorkers() {
    ParameterServer free = server(new Asynchronous());
    Block fresh = free.fresh(TRAINED, new float[4], 3);
    List<Boolean> left = new ArrayList<>();
    for (int batch = 0; batch < 7; batch++) {
      left.add(free.accept(fresh, contribution(0, batch, 1, 1, 1, 1, 1)).isPresent());
    }
    assertThat(left).containsExactly(false, false, true, false, false, true, false);
    assertThat(fresh.round()).as("the others have not begun").isZero();
    assertThat(fresh.trainedRounds()).as("and yet versions and schedules go on").isEqualTo(2);
    assertThat(fresh.records()).isEqualTo(7);

    assertThat(free.accept(fresh, new Leave(0, 1, 0))).isEmpty();
    assertThat(free.accept(fresh, new Leave(0, 2, 0)).orElseThrow().applied())
        .as("what was kept back leaves when it would be a round's worth of those that remain")
        .containsExactly(7, 0, 0);
    assertThat(free.accept(fresh, contribution(0, 7, 1, 1, 1, 1, 1))).isPresent();
    assertThat(free.accept(fresh, new Leave(0, 0, 8))).as("nothing new").isEmpty();
    assertThat(fresh.round()).isEqualTo(8);
  }

  @Test
  void r18WhereContributionsCountOnArrivalBlocksAgreeWhateverTheOrderOfArrival() {
    Turn[][] senders = {
      {contribution(0, 0, 1, 1, 1, 1, 1), contribution(0, 1, 1, 1, 1, 1, 1), new Leave(0, 0, 2)},
      {contribution(1, 0, 1, 1, 1, 1, 1), new Leave(0, 1, 1)},
      {new Skip(0, 2, 0, 0), contribution(2, 0, 1, 1, 1, 1, 1), new Leave(0, 2, 1)},
    };
    for (Consistency mode : List.of(new Bounded(2), new Asynchronous())) {
      for (int upTo = 1; upTo <= 3; upTo++) {
        Set<List<Long>> cuts = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
          ParameterServer modal = server(mode);
          Block fresh = modal.fresh(TRAINED, new float[4], 3);
          for (Turn message : interleaved(senders, upTo, new Random(seed))) {
            modal.accept(fresh, message);
          }
          cuts.add(List.of(fresh.round(), fresh.trainedRounds(), fresh.records()));
        }
        assertThat(cuts).as("%s, %d messages of each", mode, upTo).hasSize(1);
      }
    }
  }

  /** The first messages of each sender, those of one sender in their order. */
  private static List<Turn> interleaved(Turn[][] senders, int upTo, Random random) {
    List<Turn> order = new ArrayList<>();
    int[] next = new int[senders.length];
    List<Integer> left = new ArrayList<>();
    for (int sender = 0; sender < senders.length; sender++) {
      left.addAll(Collections.nCopies(Math.min(upTo, senders[sender].length), sender));
    }
    Collections.shuffle(left, random);
    left.forEach(sender -> order.add(senders[sender][next[sender]++]));
    return order;
  }

  @Test
  void i2TheFirstBlockWritesDownHowBatchesWentThroughTheRounds() {
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    server.accept(block, new Skip(0, 1, 0, 0));
    server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1));
    server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1));
    server.accept(block, new Skip(0, 0, 2, 2));
    server.accept(block, contribution(1, 1, 1, 1, 1, 1, 1));
    server.accept(block, new Leave(0, 1, 2));
    server.accept(block, contribution(0, 2, 1, 1, 1, 1, 1)); // closes round 3
    server.accept(block, new Join(0, 2, 0)); // for round 5
    server.accept(block, contribution(0, 3, 1, 1, 1, 1, 1)); // closes round 4
    server.accept(block, contribution(0, 4, 1, 1, 1, 1, 1)); // in round 5, which stays open

    assertThat(block.courses())
        .containsExactly(
            new Course(4, 5, false, List.of(new Run(0, 0, 1), new Run(2, 3, 1)), List.of()),
            new Course(2, 5, true, List.of(new Run(0, 1, 1)), List.of()),
            new Course(0, 5, false, List.of(), List.of()));
    assertThat(Formats.block(Formats.bytes(block)).courses()).isEqualTo(block.courses());
    assertThat(block.copy().courses()).isEqualTo(block.courses());
    BlockRange second = new BlockRange(1, 4, 8, true);
    assertThat(server.fresh(second, new float[8], 2).courses()).isEmpty();
  }

  @Test
  void i2ACourseCountsRoundsFromTheStartOfThisTraining() {
    block.countFrom(1_000, 64_000);
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1));

    assertThat(block.round()).isEqualTo(1_001);
    assertThat(block.courses())
        .containsOnly(new Course(1, 1, false, List.of(new Run(0, 0, 1)), List.of()));
  }

  @Test
  void r6RecordsThatAreLostAreWrittenDownBeforeTheBatchAfterThem() {
    server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1));
    assertThat(server.accept(block, new Lost(0, 0, 1, 32, 40))).isEmpty();
    server.accept(block, new Skip(0, 1, 0, 0));
    assertThat(block.courses().get(0).lost()).as("its batch has not counted").isEmpty();
    server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1));
    server.accept(block, new Skip(0, 1, 0, 1));

    assertThat(block.courses().get(0).lost()).containsExactly(new Gap(1, 32, 40));
    assertThat(Formats.block(Formats.bytes(block)).courses()).isEqualTo(block.courses());
    assertThatThrownBy(() -> server.accept(block, new Lost(0, 0, 1, 32, 40)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("batch 2 is expected");
  }

  @Test
  void r5ABatchThatEndsASilenceIsToldOfBeforeItsRoundCloses() {
    server.accept(block, new Skip(0, 0, 0, 0));
    Weights empty = server.accept(block, new Skip(0, 1, 0, 0)).orElseThrow();
    assertThat(empty.round()).isEqualTo(1);
    assertThat(empty.busyRounds()).as("no round has a batch").isZero();
    assertThat(block.trainedRounds()).isZero();

    Weights heard = server.accept(block, contribution(1, 0, 1, 1, 1, 1, 1)).orElseThrow();

    assertThat(heard.round()).as("vw 0 is awaited").isEqualTo(1);
    assertThat(heard.busyRounds()).isEqualTo(2);
    assertThat(heard.values()).containsExactly(1, 2, 3, 4);
    Weights closed = server.accept(block, new Skip(0, 0, 0, 1)).orElseThrow();
    assertThat(closed.round()).isEqualTo(2);
    assertThat(block.trainedRounds()).isEqualTo(2);
  }

  @Test
  void r5WhileRoundsHaveBatchesOnlyTheirEndIsToldOf() {
    assertThat(server.accept(block, contribution(0, 0, 1, 1, 1, 1, 1))).isEmpty();
    assertThat(server.accept(block, new Skip(0, 1, 0, 0))).isPresent();
    assertThat(server.accept(block, contribution(0, 1, 1, 1, 1, 1, 1))).isEmpty();
  }

  private static ParameterServer server(Consistency mode) {
    return new ParameterServer(new Sgd(1), mode, true);
  }

  private static ParameterServer server(Optimizer optimizer, boolean meanLoss) {
    return new ParameterServer(optimizer, new Synchronous(), meanLoss);
  }

  private static Contribution contribution(int vw, long batch, double weight, float... gradient) {
    return contribution(vw, batch, weight, new Dense(gradient));
  }

  private static Contribution contribution(int vw, long batch, double weight, Gradient gradient) {
    Header header =
        new Header(weight, 2 * weight, new double[] {weight / 2}, new double[] {weight}, 1);
    return new Contribution(0, vw, batch, 100L * vw + batch + 1, gradient, header);
  }

  private static Contribution skipped(int vw, long batch) {
    return new Contribution(0, vw, batch, batch + 1, new None(), Header.skipped(1));
  }

  private static Contribution empty(int vw, long batch) {
    return new Contribution(0, vw, batch, batch + 1, new None(), Header.NONE);
  }
}
