package io.tapestream.operators.train;

import static io.tapestream.operators.train.CountingJob.LAYOUT;
import static io.tapestream.operators.train.CountingJob.batch;
import static io.tapestream.operators.train.CountingJob.example;
import static io.tapestream.operators.train.CountingJob.fill;
import static io.tapestream.operators.train.CountingJob.oneHot;
import static io.tapestream.operators.train.CountingJob.settings;
import static io.tapestream.operators.train.CountingJob.truncated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.clipping.ClipByGlobalNorm;
import io.tapestream.clipping.Clipping;
import io.tapestream.operators.GradientSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.decode.Reason;
import io.tapestream.operators.decode.Rejected;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.compression.Topk;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MiniBatchTrainerTest {

  private final WeightReplica replica = new WeightReplica(LAYOUT, new Synchronous());
  private final List<Message> pushed = new ArrayList<>();
  private final List<Long> stalenesses = new ArrayList<>();
  private long nanos;

  @Test
  void r2OneContributionPerBlockCarriesTheSummedGradient() {
    fill(replica, 0, 0);
    train("SumLoss", batch(0, false, oneHot(7, 0), oneHot(8, 3), example(9, 2, 0, 0, 0, 1, 0)));

    assertThat(pushed).hasSize(LAYOUT.count());
    assertThat(gradient()).as("loss is −Σ weight · w·x").containsExactly(-1, 0, 0, -3, 0);
    for (Message message : pushed) {
      var contribution = (Message.Contribution) message;
      assertThat(contribution.virtualWorker()).isZero();
      assertThat(contribution.batch()).isZero();
      assertThat(contribution.nextOffset()).isEqualTo(10);
      assertThat(contribution.header().weight()).isEqualTo(4);
      assertThat(contribution.header().records()).isEqualTo(3);
    }
    assertThat(pushed).extracting(Message::block).containsExactly(0, 1, 2);
  }

  @Test
  void i2WhatCompressionLeavesUnsentIsKeptWithTheBatchsVirtualWorker() {
    fill(replica, 0, 0);
    GradientSettings largest =
        new GradientSettings(
            Double.POSITIVE_INFINITY, Long.MAX_VALUE, Clipping.NONE, new Topk(0.5), null);
    MiniBatch batch = batch(0, false, example(7, 1, 2, 1, 0, 0, 0), example(8, 1, 0, 0, 0, 3, 5));
    try (MiniBatchTrainer trainer = open(settings("SumLoss", largest))) {
      trainer.train(batch, pushed::add);
      assertThat(batch.residual().of(5)).containsExactly(0, -1, 0, 0, 0);
      pushed.clear();
      trainer.train(batch, pushed::add);
    }
    var first = (Gradient.Rows) ((Message.Contribution) pushed.get(0)).gradient();
    assertThat(first.rows()).containsExactly(0);
    assertThat(first.values()).containsExactly(-2);
    assertThat(batch.residual().of(5)).containsExactly(0, -2, 0, 0, 0);
  }

  /** The server takes the mean of such proposals, see ParameterServerTest. */
  @Test
  void r2AStatisticsBlockCarriesTheValueThatTheBatchProposes() {
    BlockLayout normalized = BlockLayout.ofElements(15, 25, 10);
    WeightReplica weights = new WeightReplica(normalized, new Synchronous());
    float[] moving = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2};
    for (BlockRange block : normalized.blocks()) {
      long[] none = {0};
      float[] values = block.trained() ? new float[block.length()] : moving;
      weights.receive(new Weights(block.index(), 0, none, none, values));
    }
    String layers =
        "{\"type\": \"BatchNormalization\", \"settings\": {\"momentum\": 0.5, \"epsilon\": 1}},"
            + "{\"type\": \"Dense\", \"settings\": {\"units\": 1, \"useBias\": false}}";
    TrainingSettings settings = settings(layers, "SumLoss", normalized, GradientSettings.DEFAULT);
    MiniBatch batch =
        batch(0, false, example(7, 1, 2, 0, 0, 0, 5), truncated(8), example(9, 3, 4, 0, 0, 0, 5));

    try (MiniBatchTrainer trainer = open(settings, weights)) {
      trainer.train(batch, pushed::add);
    }

    var statistics = (Message.Contribution) pushed.get(2);
    assertThat(statistics.header().weight()).isEqualTo(4);
    assertThat(((Gradient.Dense) statistics.gradient()).values())
        .as("half of what was, and half of the batch's mean and variance")
        .containsExactly(2, 0.5f, 0.5f, 0.5f, 3, 1.5f, 1, 1, 1, 1);
  }

  @Test
  void r15EveryBlockOfABatchIsToldTheSameWeightAndLoss() {
    fill(replica, 0, 1);
    train("SumLoss", batch(0, false, oneHot(7, 0), oneHot(8, 3)));

    assertThat(pushed)
        .extracting(message -> ((Message.Contribution) message).header())
        .hasSize(LAYOUT.count())
        .containsOnly(((Message.Contribution) pushed.get(0)).header());
  }

  @Test
  void theNewestWeightsAreTrainedOn() {
    MiniBatch batch = batch(0, false, oneHot(0, 1), oneHot(1, 2));
    fill(replica, 0, 2);
    train("MeanSquaredError", batch);
    assertThat(gradient()).as("Σ 2·w·x").containsExactly(0, 4, 4, 0, 0);

    pushed.clear();
    fill(replica, 1, 5);
    train("MeanSquaredError", batch);
    assertThat(gradient()).containsExactly(0, 10, 10, 0, 0);
    assertThat(((Message.Contribution) pushed.get(0)).header().lossSum()).isEqualTo(50);
  }

  @Test
  void r16TheStalenessOfABatchIsThatOfTheOldestBlockItWasComputedFrom() {
    fill(replica, 3, 0);
    for (BlockRange block : LAYOUT.blocks().subList(1, LAYOUT.count())) {
      long[] five = {5};
      replica.receive(new Weights(block.index(), 5, five, five, new float[block.length()]));
    }
    train("SumLoss", batch(7, false, oneHot(0, 1)));
    assertThat(stalenesses).containsExactly(7L - 3);
  }

  @Test
  void i7RejectedExamplesShrinkTheBatchAndAreReturned() {
    fill(replica, 0, 0);

    List<Rejected> rejected = train("SumLoss", batch(0, false, truncated(0), oneHot(1, 4)));

    assertThat(rejected)
        .singleElement()
        .satisfies(r -> assertThat(r.record()).isZero())
        .satisfies(r -> assertThat(r.reason()).isEqualTo(Reason.UNREADABLE));
    assertThat(gradient()).containsExactly(0, 0, 0, 0, -1);
    assertThat(((Message.Contribution) pushed.get(0)).header().weight()).isEqualTo(1);
    assertThat(((Message.Contribution) pushed.get(0)).header().records()).isEqualTo(2);
  }

  @Test
  void r2ABatchWithNothingLeftContributesWeightZero() {
    fill(replica, 0, 1);

    List<Rejected> rejected = train("MeanSquaredError", batch(4, false, truncated(0)));

    assertThat(rejected).hasSize(1);
    assertThat(pushed)
        .hasSize(LAYOUT.count())
        .allSatisfy(
            message -> {
              var contribution = (Message.Contribution) message;
              assertThat(contribution.gradient()).isInstanceOf(Gradient.None.class);
              assertThat(contribution.header().weight()).isZero();
              assertThat(contribution.batch()).isEqualTo(4);
              assertThat(contribution.nextOffset()).isEqualTo(1);
            });
  }

  @Test
  void r4TheLastBatchIsFollowedByALeaveToEveryBlock() {
    fill(replica, 0, 0);

    train("SumLoss", batch(4, true, oneHot(0, 0)));

    assertThat(pushed.subList(0, 3)).allMatch(Message.Contribution.class::isInstance);
    assertThat(pushed.subList(3, 6))
        .containsExactly(
            new Message.Leave(0, 0, 5), new Message.Leave(1, 0, 5), new Message.Leave(2, 0, 5));
  }

  @Test
  void r4AnEmptyLastBatchOnlyLeaves() {
    train("SumLoss", batch(4, true));

    assertThat(pushed)
        .containsExactly(
            new Message.Leave(0, 0, 4), new Message.Leave(1, 0, 4), new Message.Leave(2, 0, 4));
  }

  @Test
  void i6ABatchWithoutAFiniteGradientIsSkippedAndAllItsExamplesAreReturned() {
    fill(replica, 0, 1e30f);

    Trained trained =
        trained(
            settings("MeanSquaredError"),
            batch(2, true, oneHot(40, 0), truncated(41), oneHot(45, 1)));

    assertThat(trained.skip().orElseThrow().detail())
        .contains("counts-3 offsets 40..45 (batch 2) is not finite");
    assertThat(trained.rejected()).extracting(Rejected::record).containsExactly(0, 1, 2);
    assertThat(trained.rejected())
        .extracting(Rejected::reason)
        .containsExactly(Reason.NOT_FINITE_GRADIENT, Reason.UNREADABLE, Reason.NOT_FINITE_GRADIENT);
    assertWeightless(3);
    assertThat(pushed.get(3)).isEqualTo(new Message.Leave(0, 0, 3));
  }

  @Test
  void r15ABatchIsSkippedWhenTheGradientThatWouldBeSteppedWithIsLongerThanAllowed() {
    fill(replica, 0, 2);
    MiniBatch batch = batch(0, false, oneHot(0, 1), oneHot(1, 2), oneHot(2, 2), oneHot(3, 2));
    double norm = Math.sqrt(4 * 4 + 12 * 12) / 4; // of the mean over four examples

    Trained trained = trained(settings("MeanSquaredError", atMost(norm - 1e-9)), batch);
    assertThat(trained.skip().orElseThrow().reason()).isEqualTo(Reason.GRADIENT_TOO_LARGE);
    assertThat(trained.rejected()).hasSize(4);
    assertWeightless(4);

    pushed.clear();
    fill(replica, 1, 2); // for another trainer
    assertThat(trained(settings("MeanSquaredError", atMost(norm)), batch).skip()).isEmpty();
    assertThat(gradient()).containsExactly(0, 4, 12, 0, 0);
  }

  @Test
  void r15AClippedContributionIsClippedBeforeItIsCutIntoBlocks() {
    fill(replica, 0, 2);
    MiniBatch batch = batch(0, false, oneHot(0, 1), oneHot(1, 2), oneHot(2, 2), oneHot(3, 2));
    double norm = Math.sqrt(4 * 4 + 12 * 12) / 4; // of the mean over four examples

    trained(
        settings(
            "MeanSquaredError", new GradientSettings(norm + 1, 1, new ClipByGlobalNorm(norm / 2))),
        batch);

    assertThat(gradient()).containsExactly(0, 2, 6, 0, 0);
  }

  private static GradientSettings atMost(double norm) {
    return new GradientSettings(norm, 1, Clipping.NONE);
  }

  @Test
  void theLossOfASumIsNotDivided() {
    fill(replica, 0, 0);
    MiniBatch batch = batch(0, false, oneHot(0, 1), oneHot(1, 1));

    assertThat(trained(settings("SumLoss", atMost(1.9)), batch).skip()).isPresent();
    assertThat(trained(settings("SumLoss", atMost(2)), batch).skip()).isEmpty();
  }

  @Test
  void i7SkippedRowsOfARecordOfManyAreRunsBetweenThoseWithAReasonOfTheirOwn() {
    RawRecord many = new RawRecord(7, 0, new byte[0], 2, 8);
    RawRecord one = RawRecord.of(8, 0, new byte[0]);
    List<Rejected> unusable =
        List.of(
            new Rejected(0, 2, 1, Reason.WRONG_SHAPE, "a"),
            new Rejected(0, 5, 1, Reason.EMPTY, "b"),
            new Rejected(0, 6, 1, Reason.EMPTY, "c"));

    assertThat(
            new Guard.Skip(Reason.GRADIENT_TOO_LARGE, "large")
                .reject(batch(0, false, many, one), unusable))
        .containsExactly(
            unusable.get(0),
            new Rejected(0, 3, 2, Reason.GRADIENT_TOO_LARGE, "large"),
            unusable.get(1),
            unusable.get(2),
            new Rejected(0, 7, 1, Reason.GRADIENT_TOO_LARGE, "large"),
            new Rejected(1, 0, 1, Reason.GRADIENT_TOO_LARGE, "large"));
  }

  private void assertWeightless(long records) {
    assertThat(pushed.subList(0, LAYOUT.count()))
        .allSatisfy(
            message -> {
              var contribution = (Message.Contribution) message;
              assertThat(contribution.gradient()).isInstanceOf(Gradient.None.class);
              assertThat(contribution.header().weight()).isZero();
              assertThat(contribution.header().lossSum()).isZero();
              assertThat(contribution.header().skipped()).isEqualTo(1);
              assertThat(contribution.header().records()).isEqualTo(records);
            });
  }

  @Test
  void aModelThatDoesNotFitTheSubmittedLayoutIsRefused() {
    var other = settings("SumLoss", BlockLayout.ofElements(6, 6, 2));

    assertThatThrownBy(() -> open(other))
        .hasMessageContaining("5 values of which 5 are trained")
        .hasMessageContaining("6 values");
  }

  @Test
  void timeIsSplitIntoDecodingLoadingForwardBackwardAndPushing() {
    fill(replica, 0, 0);
    List<Long> times = new ArrayList<>();
    try (var trainer =
        new MiniBatchTrainer(
            settings("SumLoss"),
            getClass().getClassLoader(),
            replica,
            () -> nanos += 10,
            (staleness, decode, load, forward, backward, push) ->
                times.addAll(List.of(decode, load, forward, backward, push)))) {
      trainer.train(batch(0, false, oneHot(0, 0)), pushed::add);
    }
    assertThat(times).containsExactly(10L, 10L, 20L, 20L, 10L);
  }

  private List<Rejected> train(String loss, MiniBatch batch) {
    Trained trained = trained(settings(loss), batch);
    assertThat(trained.skip()).isEmpty();
    return trained.rejected();
  }

  private Trained trained(TrainingSettings settings, MiniBatch batch) {
    try (MiniBatchTrainer trainer = open(settings)) {
      return trainer.train(batch, pushed::add);
    }
  }

  private MiniBatchTrainer open(TrainingSettings settings) {
    return open(settings, replica);
  }

  private MiniBatchTrainer open(TrainingSettings settings, WeightReplica weights) {
    return new MiniBatchTrainer(
        settings,
        getClass().getClassLoader(),
        weights,
        () -> nanos,
        (staleness, decode, load, forward, backward, push) -> stalenesses.add(staleness));
  }

  /** The contributions' gradients side by side. */
  private float[] gradient() {
    float[] whole = new float[LAYOUT.size()];
    for (Message message : pushed) {
      float[] block = ((Gradient.Dense) ((Message.Contribution) message).gradient()).values();
      System.arraycopy(block, 0, whole, LAYOUT.block(message.block()).from(), block.length);
    }
    return whole;
  }
}
