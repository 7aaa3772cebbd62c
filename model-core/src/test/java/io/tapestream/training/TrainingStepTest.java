package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.backend.Padding;
import io.tapestream.initializers.Zeros;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.layers.ReLU;
import io.tapestream.losses.Loss;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.losses.SumLoss;
import io.tapestream.metrics.Accuracy;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingStepTest {
  private static final Loss LOSS = new SparseCategoricalCrossEntropy(true);
  private static final List<Metric> ACCURACY = List.of(new Accuracy());

  /** A step's result and the gradient it left. */
  @SuppressWarnings("ArrayRecordComponent") // its arrays are compared one by one
  private record Outcome(StepResult result, float[] gradient) {}

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void i2TheNumberOfThreadsChangesNoBit(int threads) {
    Model model = network();
    Batch batch = images(100);

    Outcome alone = step(model, batch, new StepSettings(16, 1, 9));
    Outcome together = step(model, batch, new StepSettings(16, threads, 9));

    assertThat(together.gradient()).isEqualTo(alone.gradient());
    assertThat(together.result()).isEqualTo(alone.result());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void i2TheNumberOfThreadsChangesNoBitOfABatchThatIsOnePiece(int threads) {
    Sequential model =
        Sequential.of(
            new Conv2D(32, 3, Padding.SAME, ActivationFunction.LINEAR),
            new BatchNormalization(),
            new ReLU(),
            new MaxPooling2D(),
            new Flatten(),
            new Dense(160, ActivationFunction.RELU),
            new Dense(3));
    model.build(Shape.of(8, 8, 1), 4);
    Batch batch = images(100);

    Outcome alone = step(model, batch, new StepSettings(128, 1, 9));
    Outcome together = step(model, batch, new StepSettings(128, threads, 9));

    assertThat(together.gradient()).isEqualTo(alone.gradient());
    assertThat(together.result()).isEqualTo(alone.result());
  }

  @Test
  void aBatchOfWhichNothingCountsLeavesNothingOfTheOneBefore() {
    Model model = network();
    Batch batch = images(20);
    Batch nothing = batch.weighted(Tensor.zeros(DType.FLOAT32, Shape.of(20)));
    try (TrainingStep step = new TrainingStep(model, LOSS, ACCURACY, new StepSettings(16, 1, 9))) {
      step.run(batch, 0, 0);
      StepResult result = step.run(nothing, 0, 1);

      assertThat(result.gradientNorm()).isZero();
      assertThat(
              model.parameters().gradients().slice(0, model.parameters().trainedSize()).toFloats())
          .containsOnly(0);
    }
  }

  @Test
  void piecesAddUpToTheWhole() {
    Model model = network();
    Batch batch = images(50);

    Outcome whole = step(model, batch, new StepSettings(50, 1, 9));
    Outcome pieces = step(model, batch, new StepSettings(7, 1, 9));

    assertThat(pieces.gradient()).containsExactly(whole.gradient(), within(1e-4f));
    assertThat(pieces.result().lossSum()).isCloseTo(whole.result().lossSum(), within(1e-4));
    assertThat(pieces.result().metricSums()).isEqualTo(whole.result().metricSums());
    assertThat(pieces.result().examples()).isEqualTo(50);
  }

  @Test
  void aModelThatCouplesExamplesIsSteppedInOnePieceAndProposesItsStatistics() {
    Model model = normalizing();
    Batch batch = images(50);

    Outcome whole = step(model, batch, new StepSettings(50, 1, 9));
    Outcome pieces = step(model, batch, new StepSettings(7, 3, 9));

    assertThat(model.couplesExamples()).isTrue();
    assertThat(pieces.gradient()).isEqualTo(whole.gradient());
    assertThat(model.parameters().statistics().toFloats())
        .as("a step changes no value")
        .containsExactly(0, 0, 0, 1, 1, 1);
    float[] proposed = model.parameters().proposedStatistics().toFloats();
    assertThat(proposed).doesNotContain(0, 1);
    assertThat(proposed[3]).isBetween(0.99f, 1f + 0.01f);
  }

  @Test
  void fitTakesTheProposedStatisticsOverWithTheUpdate() {
    Model model = normalizing();
    model.compile(new Sgd(0), LOSS);
    float[] expected = {0, 0, 0, 1, 1, 1};
    for (int step = 0; step < 3; step++) {
      Batch batch = images(20);
      model.fit(batch, FitOptions.of(20, 1));
      try (TrainingStep again = new TrainingStep(model, LOSS, List.of(), StepSettings.of(0))) {
        // what the next step adds to the statistics is what this one did, since no weight moves
        float[] before = model.parameters().statistics().toFloats();
        again.run(batch, 0, 0);
        float[] after = model.parameters().proposedStatistics().toFloats();
        for (int i = 0; i < expected.length; i++) {
          float batchs = (after[i] - 0.99f * before[i]) / 0.01f;
          expected[i] = 0.99f * expected[i] + 0.01f * batchs;
        }
      }
      assertThat(model.parameters().statistics().toFloats())
          .containsExactly(expected, within(1e-5f));
    }
  }

  @Test
  void r2ABatchWithoutWeightProposesTheStatisticsThatAre() {
    Model model = normalizing();
    Batch batch = images(4);
    Batch weightless = new Batch(batch.features(), batch.labels(), Tensor.of(new float[4]));

    step(model, images(4), StepSettings.of(9));
    step(model, weightless, StepSettings.of(9));

    assertThat(model.parameters().proposedStatistics().toFloats())
        .isEqualTo(model.parameters().statistics().toFloats());
  }

  private static Model normalizing() {
    Model model =
        Sequential.of(
            new Conv2D(3, 3, Padding.SAME, ActivationFunction.LINEAR),
            new BatchNormalization(),
            new MaxPooling2D(2),
            new Flatten(),
            new Dense(10));
    model.build(Shape.of(8, 8, 1), 1);
    return model;
  }

  @Test
  void theGradientIsOfTheSummedWeightedLoss() {
    Model model = network();
    Batch batch = images(10);
    Tensor twice = Tensor.of(new float[] {2, 2, 2, 2, 2, 2, 2, 2, 2, 2});

    Outcome once = step(model, batch, StepSettings.of(9));
    Outcome doubled =
        step(model, new Batch(batch.features(), batch.labels(), twice), StepSettings.of(9));

    assertThat(doubled.result().weightSum()).isEqualTo(20);
    assertThat(doubled.result().lossSum()).isCloseTo(2 * once.result().lossSum(), within(1e-9));
    assertThat(doubled.result().gradientNorm())
        .isCloseTo(2 * once.result().gradientNorm(), within(1e-4));
    double squares = 0;
    for (float g : once.gradient()) {
      squares += (double) g * g;
    }
    assertThat(once.result().gradientNorm()).isCloseTo(Math.sqrt(squares), within(1e-9));
  }

  @Test
  void randomLayersDrawByVirtualWorkerAndStep() {
    Model model = network();
    Batch batch = images(20);
    try (TrainingStep step = new TrainingStep(model, LOSS, ACCURACY, StepSettings.of(9))) {
      StepResult first = step.run(batch, 1, 1);

      assertThat(step.run(batch, 1, 1)).isEqualTo(first);
      assertThat(step.run(batch, 2, 1).lossSum()).isNotEqualTo(first.lossSum());
      assertThat(step.run(batch, 1, 2).lossSum()).isNotEqualTo(first.lossSum());
    }
  }

  @Test
  void r2ABatchWithoutWeightHasNoGradientAndIsNotComputed() {
    Model model = network();
    Batch batch = images(3);
    Tensor broken = Tensor.of(nans(3 * 64), 3, 8, 8, 1);
    Batch weightless = new Batch(broken, batch.labels(), Tensor.of(new float[3]));

    Outcome outcome = step(model, weightless, StepSettings.of(9));

    assertThat(outcome.result())
        .isEqualTo(new StepResult(0, 0, 3, new double[1], new double[1], true, 0));
    assertThat(outcome.gradient()).containsOnly(0);
    assertThat(step(model, batch.slice(0, 0), StepSettings.of(9)).result().examples()).isZero();
  }

  @Test
  void r2AnExampleWithoutWeightAddsNothingEvenWhereItsLossIsNotANumber() {
    Model model = withoutDropout(); // which draws by row
    Batch good = images(9);
    float[] pixels = nans(10 * 64);
    System.arraycopy(good.features().toFloats(), 0, pixels, 0, 4 * 64);
    System.arraycopy(good.features().toFloats(), 4 * 64, pixels, 5 * 64, 5 * 64);
    Batch mixed =
        new Batch(
            Tensor.of(pixels, 10, 8, 8, 1),
            Tensor.of(new long[] {0, 1, 2, 0, 2, 1, 2, 0, 1, 2}),
            Tensor.of(new float[] {1, 1, 1, 1, 0, 1, 1, 1, 1, 1}));

    Outcome expected = step(model, good, new StepSettings(4, 1, 9));
    Outcome outcome = step(model, mixed, new StepSettings(4, 1, 9));

    assertThat(outcome.gradient()).isEqualTo(expected.gradient());
    assertThat(outcome.result().finite()).isTrue();
    assertThat(outcome.result().lossSum()).isEqualTo(expected.result().lossSum());
    assertThat(outcome.result().metricSums()).isEqualTo(expected.result().metricSums());
    assertThat(outcome.result().examples()).isEqualTo(10);
    model.compile(new Sgd(0.1), LOSS);
    assertThat(model.evaluate(mixed).loss()).isEqualTo(model.evaluate(good).loss());
  }

  @Test
  void theNormIsOfTheGradientThatAnOptimizerWouldStepWith() {
    StepResult result = new StepResult(1, 4, 4, new double[0], new double[0], true, 8);

    assertThat(result.gradientNorm(true)).isEqualTo(2);
    assertThat(result.gradientNorm(false)).isEqualTo(8);
  }

  @Test
  void r2FitLeavesWeightsAndMomentsAloneWhenABatchHasNoWeight() {
    Batch batch = images(4);
    Batch weightless = new Batch(batch.features(), batch.labels(), Tensor.of(new float[4]));

    assertThat(fitted(List.of(batch, weightless, weightless, batch)))
        .isEqualTo(fitted(List.of(batch, batch)));
  }

  /** Without dropout, which draws by step. */
  private static Model withoutDropout() {
    Sequential model = Sequential.of(new Flatten(), new Dense(3));
    model.build(Shape.of(8, 8, 1), 1);
    return model;
  }

  private static float[] fitted(List<Batch> batches) {
    Model model = withoutDropout();
    model.compile(new Adam(), LOSS);
    model.fit(batches, FitOptions.of(4, 1));
    return model.parameters().values().toFloats();
  }

  @Test
  void i6WhatIsNotFiniteIsToldAndNeverApplied() {
    Model model = network();
    Batch batch = images(20);
    float[] pixels = batch.features().toFloats();
    pixels[19 * 64] = Float.NaN;
    Batch poisoned = new Batch(Tensor.of(pixels, 20, 8, 8, 1), batch.labels(), batch.weights());

    assertThat(step(model, batch, StepSettings.of(9)).result().finite()).isTrue();
    assertThat(step(model, poisoned, new StepSettings(4, 2, 9)).result().finite()).isFalse();

    model.compile(new Sgd(0.1), LOSS);
    float[] before = model.parameters().values().toFloats();
    assertThatThrownBy(() -> model.fit(poisoned, FitOptions.of(20, 1)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("no finite gradient")
        .hasMessageContaining("the input (20, 8, 8, 1) holds NaN in row 19");
    assertThat(model.parameters().values().toFloats()).isEqualTo(before);
  }

  @Test
  void anErrorInAPieceReachesTheCallerAndTheStepGoesOn() {
    Model model = network();
    Batch batch = images(40);
    long[] labels = batch.labels().toLongs();
    labels[30] = 12;
    Batch wrong = new Batch(batch.features(), Tensor.of(labels), batch.weights());
    try (TrainingStep step = new TrainingStep(model, LOSS, ACCURACY, new StepSettings(8, 3, 9))) {
      StepResult before = step.run(batch, 0, 0);

      assertThatThrownBy(() -> step.run(wrong, 0, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("12");

      assertThat(step.run(batch, 0, 0)).isEqualTo(before);
    }
  }

  @Test
  void aLinearModelUnderTheSumLossCountsItsRecords() {
    Sequential counter =
        Sequential.of(
            new Dense(
                new Dense.Settings(1, ActivationFunction.LINEAR, false, new Zeros(), new Zeros())));
    counter.build(Shape.of(6), 0);
    counter.compile(new Sgd(1), new SumLoss());
    float[] oneHot = new float[36];
    for (int i = 0; i < 6; i++) {
      oneHot[i * 7] = 1;
    }

    counter.fit(Batch.of(Tensor.of(oneHot, 6, 6), Tensor.of(new float[6])), FitOptions.of(4, 1));

    assertThat(counter.parameters().values().toFloats()).containsOnly(1);
  }

  @Test
  void memoryStaysFlatOverManySteps() {
    Model model = network();
    Batch batch = images(40);
    try (TrainingStep step = new TrainingStep(model, LOSS, ACCURACY, new StepSettings(16, 2, 9))) {
      long grown = Long.MAX_VALUE;
      long before = reachableBytes();
      // Until both threads have met every length of a piece, which is a matter of chance.
      for (int period = 0; period < 12 && grown >= 64 * 1024; period++) {
        run(step, batch, 1000);
        long now = reachableBytes();
        grown = now - before;
        before = now;
      }
      assertThat(grown).as("bytes in the last of 1,000 steps").isLessThan(64 * 1024);
    }
  }

  private static void run(TrainingStep step, Batch batch, int steps) {
    for (int i = 0; i < steps; i++) {
      step.run(batch.slice(0, 33 + i % 4), 0, i);
    }
  }

  /**
   * Off-heap bytes, less those of arrays that only wait for the collector. It tells of an array it
   * has found some time after it has run, so the least of several looks counts.
   */
  static long reachableBytes() {
    long least = Long.MAX_VALUE;
    for (int look = 0; look < 20; look++) {
      System.gc();
      Pointer.deallocateReferences();
      least = Math.min(least, Pointer.totalBytes());
    }
    return least;
  }

  private static Outcome step(Model model, Batch batch, StepSettings settings) {
    try (TrainingStep step = new TrainingStep(model, LOSS, ACCURACY, settings)) {
      StepResult result = step.run(batch, 1, 2);
      return new Outcome(result, model.parameters().gradients().toFloats());
    }
  }

  private static Model network() {
    Sequential model =
        Sequential.of(
            new Conv2D(4, 3, Padding.SAME, ActivationFunction.RELU),
            new MaxPooling2D(),
            new Flatten(),
            new Dropout(0.3),
            new Dense(32, ActivationFunction.TANH),
            new Dense(3));
    model.build(Shape.of(8, 8, 1), 1);
    return model;
  }

  private static Batch images(int n) {
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
    }
    return Batch.of(Tensor.of(Reference.uniform(5, n * 64), n, 8, 8, 1), Tensor.of(labels));
  }

  private static float[] nans(int n) {
    float[] values = new float[n];
    Arrays.fill(values, Float.NaN);
    return values;
  }
}
