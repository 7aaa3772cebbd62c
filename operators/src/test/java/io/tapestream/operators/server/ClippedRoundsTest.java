package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.operators.server.TestShards.Checkpoint;
import io.tapestream.optimizers.Adam;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.RoundSum;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** R15: the gradient of a round is clipped to a norm that no shard knows alone. */
class ClippedRoundsTest {

  private static final RoundClipping CLIPPING = new RoundClipping(0.05);
  private static final ServerPlan PLAN = plan(true);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void r15TheNormIsThatOfTheWholeGradientAndTheBitsAreTheSameOnAnyNumberOfShards(int shards)
      throws Exception {
    float[] expected;
    try (TestShards one = new TestShards(PLAN, 1, null)) {
      round(one, 0);
      round(one, 1);
      expected = one.vector();
    }
    try (TestShards many = new TestShards(PLAN, shards, null)) {
      round(many, 0);
      double[] squares = squares(many, 0);
      assertThat(squares).hasSize(PLAN.layout().count());
      double factor = CLIPPING.factor(squares);
      double sum = 0;
      for (float gradient : ServerOperatorTest.mean(0)) {
        sum += (double) gradient * gradient;
      }
      assertThat(factor).isLessThan(1).isCloseTo(0.05 / Math.sqrt(sum), within(1e-7));
      round(many, 1);
      assertThat(many.vector()).isEqualTo(expected);
    }
    try (TestShards unclipped = new TestShards(plan(false), shards, null)) {
      contribute(unclipped, 0);
      contribute(unclipped, 1);
      assertThat(unclipped.replies()).noneMatch(RoundSum.class::isInstance);
      assertThat(unclipped.vector()).isNotEqualTo(expected);
    }
  }

  @Test
  void r15ARoundThatWaitsIsStateAndItsSumIsToldAgainAfterARestore() throws Exception {
    Checkpoint checkpoint;
    float[] expected;
    Map<Integer, Double> told;
    try (TestShards shards = new TestShards(PLAN, 2, null)) {
      contribute(shards, 0);
      told = sums(shards, 0);
      checkpoint = shards.checkpoint(1);
      assertThat(shards.snapshots()).as("nothing is applied yet").isEmpty();
      scale(shards, 0);
      expected = shards.vector();
    }
    try (TestShards restored = new TestShards(PLAN, 3, checkpoint)) {
      assertThat(restored.newest().get(0).round()).isZero();
      assertThat(sums(restored, 0)).isEqualTo(told);
      scale(restored, 0);
      assertThat(restored.vector()).isEqualTo(expected);
      restored.checkpoint(2);
      assertThat(restored.snapshots()).extracting(BlockSnapshot::round).containsOnly(1L);
    }
  }

  @Test
  void aSubmissionThatNoLongerClipsAppliesTheRoundThatWaits() throws Exception {
    Checkpoint checkpoint;
    try (TestShards shards = new TestShards(PLAN, 2, null)) {
      contribute(shards, 0);
      checkpoint = shards.checkpoint(1);
    }
    float[] unclipped;
    try (TestShards shards = new TestShards(plan(false), 1, null)) {
      contribute(shards, 0);
      unclipped = shards.vector();
    }
    try (TestShards restored = new TestShards(plan(false), 2, checkpoint)) {
      assertThat(restored.newest().get(0).round()).isEqualTo(1);
      assertThat(restored.vector()).isEqualTo(unclipped);
    }
  }

  private static void round(TestShards shards, long round) throws Exception {
    contribute(shards, round);
    scale(shards, round);
  }

  private static void contribute(TestShards shards, long round) throws Exception {
    for (int vw = 0; vw < PLAN.virtualWorkers().size(); vw++) {
      shards.contribute(vw, round);
    }
  }

  /** What each trainer does, two of them. */
  private static void scale(TestShards shards, long round) throws Exception {
    double factor = CLIPPING.factor(squares(shards, round));
    for (int trainer = 0; trainer < 2; trainer++) {
      for (int block = 0; block < PLAN.layout().count(); block++) {
        shards.accept(new Scale(block, round, factor));
      }
    }
  }

  private static double[] squares(TestShards shards, long round) {
    return sums(shards, round).values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** By block. */
  private static Map<Integer, Double> sums(TestShards shards, long round) {
    return shards.replies().stream()
        .filter(RoundSum.class::isInstance)
        .map(RoundSum.class::cast)
        .filter(sum -> sum.round() == round)
        .collect(Collectors.toMap(RoundSum::block, RoundSum::squares, (a, b) -> a, TreeMap::new));
  }

  private static ServerPlan plan(boolean clipsRounds) {
    return new ServerPlan(
        new TestModel(new Adam(0.1), true, 20),
        new Synchronous(),
        BlockLayout.ofElements(20, 20, 4),
        List.of("a-0", "a-1", "a-2"),
        1,
        List.of("accuracy"),
        16,
        Long.MAX_VALUE,
        clipsRounds,
        clipsRounds ? "clips" : "does not clip");
  }
}
