package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Synchronous;
import org.junit.jupiter.api.Test;

/** R15: the sum of a round is clipped by its norm over all blocks, which no block knows. */
class RoundClippingTest {

  private static final RoundClipping TO_ONE = new RoundClipping(1);

  private final ParameterServer server = server(true);
  private final Block left = server.fresh(new BlockRange(0, 0, 2, true), new float[4], 2);
  private final Block right = server.fresh(new BlockRange(1, 2, 4, true), new float[4], 2);

  @Test
  void r15TheMeanGradientOfARoundIsShortenedToTheNorm() {
    contribute(0, 0, 3, 8, 0, 0, -4);
    contribute(1, 0, 1, 4, 0, 0, -12); // the mean gradient is (3, 0, 0, −4), of length 5
    double factor =
        TO_ONE.factor(
            new double[] {server.roundSum(left).squares(), server.roundSum(right).squares()});

    assertThat(factor).isEqualTo(0.2);
    Weights weights = server.accept(left, new Scale(0, 0, factor)).orElseThrow();
    assertThat(weights.round()).isEqualTo(1);
    assertThat(weights.values()).containsExactly(-3 * 0.2f, 0);
    assertThat(server.accept(right, new Scale(1, 0, factor)).orElseThrow().values())
        .containsExactly(0, 4 * 0.2f);
  }

  @Test
  void aGradientWithinTheNormIsLeftAsItIs() {
    assertThat(new RoundClipping(5).factor(new double[] {9, 16})).isEqualTo(1);
    contribute(0, 0, 1, 3, 0, 0, -4);
    contribute(1, 0, 1, 3, 0, 0, -4);
    assertThat(server.accept(left, new Scale(0, 0, 1)).orElseThrow().values())
        .containsExactly(-3, 0);
  }

  @Test
  void aRoundWaitsForItsScaleAndForNothingElse() {
    contribute(0, 0, 1, 1, 1, 1, 1);
    assertThat(server.waits(left)).isFalse();
    assertThat(server.accept(left, contribution(0, 1, 0, 1, 1, 1))).isEmpty();
    assertThat(server.waits(left)).isTrue();
    assertThat(server.accept(left, new Leave(0, 0, 1))).isEmpty();
    assertThat(left.round()).isZero();
    assertThat(left.values()).containsOnly(0);
    assertThatThrownBy(() -> server.accept(left, contribution(0, 1, 1, 1, 1, 1)))
        .isInstanceOf(ProtocolException.class);
    assertThat(server.accept(left, new Scale(0, 0, 0.5))).isPresent();
    assertThat(server.waits(left)).isFalse();
  }

  @Test
  void aRoundWithoutWeightClosesAtOnce() {
    for (int vw = 0; vw < 2; vw++) {
      server.accept(
          left,
          new Contribution(0, vw, 0, 1, new Gradient.None(), new Header(0, 0, no(), no(), 1)));
    }
    assertThat(left.round()).isEqualTo(1);
  }

  @Test
  void r15TheFirstScaleCountsAndRepeatsMustSayTheSame() {
    contribute(0, 0, 1, 1, 1, 1, 1);
    contribute(1, 0, 1, 1, 1, 1, 1);
    server.accept(left, new Scale(0, 0, 0.5));
    byte[] before = Formats.bytes(left);

    assertThat(server.accept(left, new Scale(0, 0, 0.5))).isEmpty();
    assertThatThrownBy(() -> server.accept(left, new Scale(0, 0, 0.25)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("has scaled round 0 by 0.5, and is told 0.25");
    assertThat(Formats.bytes(left)).isEqualTo(before);
  }

  @Test
  void aScaleThatNothingWaitsForIsRefused() {
    contribute(0, 0, 1, 1, 1, 1, 1);
    for (long round = 0; round < 2; round++) {
      Scale early = new Scale(0, round, 1);
      assertThatThrownBy(() -> server.accept(left, early))
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("is told to scale round " + round)
          .hasMessageContaining("it is in round 0, which is not complete");
    }
  }

  @Test
  void r15ABlockThatWaitsGoesOnWaitingAfterARestoreAndTellsTheSameSum() {
    contribute(0, 0, 1, 1, 2, 3, 4);
    contribute(1, 0, 2, 5, 6, 7, 8);
    Block restored = Formats.block(Formats.bytes(left));
    server.accept(restored, new Join(0, 0, 0));

    assertThat(server.waits(restored)).isTrue();
    assertThat(server.roundSum(restored)).isEqualTo(server.roundSum(left));
    server.accept(left, new Scale(0, 0, 0.5));
    server.accept(restored, new Scale(0, 0, 0.5));
    assertThat(restored.values()).isEqualTo(left.values());
  }

  @Test
  void aBlockThatWaitsIsAppliedAsItIsByASubmissionThatDoesNotClip() {
    contribute(0, 0, 1, 1, 1, 1, 1);
    contribute(1, 0, 1, 3, 3, 3, 3);
    Block restored = Formats.block(Formats.bytes(left));
    server(false).goOn(restored);

    assertThat(restored.round()).isEqualTo(1);
    assertThat(restored.values()).containsExactly(-2, -2);
  }

  @Test
  void statisticsWaitWithTheOthersAndAddNothingToTheNorm() {
    Block statistics = server.fresh(new BlockRange(0, 0, 2, false), new float[2], 2);
    server.accept(statistics, contribution(0, 0, 0, 1, 1, 1));
    server.accept(statistics, contribution(0, 1, 0, 1, 3, 5));

    assertThat(server.waits(statistics)).isTrue();
    assertThat(server.roundSum(statistics).squares()).isZero();
    server.accept(statistics, new Scale(0, 0, 0.25));
    assertThat(statistics.values()).containsExactly(2, 3);
  }

  @Test
  void i6GradientsThatAddUpToNoFiniteNumberAreToldAndNotApplied() {
    float huge = Float.MAX_VALUE;
    contribute(0, 0, 1, huge, 0, 0, 0);
    contribute(1, 0, 1, huge, 0, 0, 0);
    assertThatThrownBy(() -> server.roundSum(left))
        .isInstanceOf(NonFiniteException.class)
        .hasMessageContaining("round 0")
        .hasMessageContaining("block 0");
  }

  @Test
  void aModeThatSumsNoRoundsIsRefused() {
    assertThatThrownBy(
            () -> new ParameterServer(new Sgd(1), new Asynchronous(), true, Long.MAX_VALUE, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("asynchronous applies contributions one by one");
    assertThatThrownBy(() -> new RoundClipping(0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static ParameterServer server(boolean clipsRounds) {
    return new ParameterServer(new Sgd(1), new Synchronous(), true, Long.MAX_VALUE, clipsRounds);
  }

  private void contribute(int vw, long batch, double weight, float... gradient) {
    server.accept(left, contribution(0, vw, batch, weight, gradient[0], gradient[1]));
    server.accept(right, contribution(1, vw, batch, weight, gradient[2], gradient[3]));
  }

  private static Contribution contribution(
      int block, int vw, long batch, double weight, float... gradient) {
    Header header = new Header(weight, 0, no(), no(), 1);
    return new Contribution(block, vw, batch, batch + 1, new Dense(gradient), header);
  }

  private static double[] no() {
    return new double[0];
  }
}
