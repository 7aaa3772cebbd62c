package io.tapestream.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.metrics.BinaryAccuracy;
import io.tapestream.metrics.CategoricalAccuracy;
import io.tapestream.metrics.SparseCategoricalAccuracy;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Sum;
import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LossesTest {
  private static final double[] LOGITS = {0.3, -1.2, 2.0, 0.5, 0.1, -0.7};
  private static final double[] PROBABILITIES = {0.2, 0.3, 0.5, 0.9, 0.06, 0.04};
  private static final double[] TARGETS = {0, 1, 0, 0.2, 0.3, 0.5};

  /** Loss, predictions (2, 3), labels, what the formula gives for each example. */
  static Stream<Arguments> losses() {
    return Stream.of(
        Arguments.of(
            new MeanSquaredError(),
            LOGITS,
            tensor(TARGETS),
            meanOf((z, y) -> (z - y) * (z - y), LOGITS)),
        Arguments.of(
            new BinaryCrossEntropy(true),
            LOGITS,
            tensor(TARGETS),
            meanOf((z, y) -> binary(1 / (1 + Math.exp(-z)), y), LOGITS)),
        Arguments.of(
            new BinaryCrossEntropy(false),
            PROBABILITIES,
            tensor(TARGETS),
            meanOf(LossesTest::binary, PROBABILITIES)),
        Arguments.of(
            new CategoricalCrossEntropy(true),
            LOGITS,
            tensor(TARGETS),
            categorical(softmax(LOGITS), TARGETS)),
        Arguments.of(
            new CategoricalCrossEntropy(false),
            PROBABILITIES,
            tensor(TARGETS),
            categorical(PROBABILITIES, TARGETS)),
        Arguments.of(
            new SparseCategoricalCrossEntropy(true),
            LOGITS,
            Tensor.of(new long[] {2, 0}),
            categorical(softmax(LOGITS), new double[] {0, 0, 1, 1, 0, 0})),
        Arguments.of(
            new SparseCategoricalCrossEntropy(false),
            PROBABILITIES,
            Tensor.of(new long[] {2, 0}),
            categorical(PROBABILITIES, new double[] {0, 0, 1, 1, 0, 0})),
        Arguments.of(new SumLoss(), LOGITS, tensor(TARGETS), new double[] {-1.1, 0.1}));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void aLossIsItsFormulaAndItsGradientItsSlope(
      Loss loss, double[] predictions, Tensor labels, double[] expected) {
    Tensor x = tensor(predictions);
    Tensor weights = Tensor.of(new double[] {2, 0.5});
    List<Tensor> gradient;
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor losses = loss.perExample(x, labels);
      assertThat(losses.toDoubles()).containsExactly(expected, within(1e-9));
      gradient = tape.gradient(Sum.of(Multiply.of(losses, weights)), List.of(x));
    }

    double step = 1e-6;
    for (int i = 0; i < predictions.length; i++) {
      double slope =
          (weighted(loss, predictions, i, step, labels, weights)
                  - weighted(loss, predictions, i, -step, labels, weights))
              / (2 * step);
      assertThat(gradient.get(0).get(i)).as("prediction %d", i).isCloseTo(slope, within(1e-7));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void aSpecificationMakesAnEqualLoss(
      Loss loss, double[] predictions, Tensor labels, double[] expected) {
    assertThat(Specs.read(Specs.toJson(loss), Loss.class)).isEqualTo(loss);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void singlePrecisionAgrees(Loss loss, double[] predictions, Tensor labels, double[] expected) {
    Tensor narrow = Tensor.of(tensor(predictions).toFloats(), 2, 3);
    Tensor narrowLabels = labels.rank() == 1 ? labels : Tensor.of(labels.toFloats(), 2, 3);

    assertThat(loss.perExample(narrow, narrowLabels).toDoubles())
        .containsExactly(expected, within(1e-5));
  }

  @Test
  void everyLossIsCheckedHere() {
    assertThat(Families.namesOf(losses().map(a -> (Loss) a.get()[0])))
        .isEqualTo(Families.membersOf(Loss.class));
  }

  @Test
  void certainAndWrongIsFinite() {
    Tensor certain = Tensor.of(new float[] {1, 0}, 1, 2);

    assertThat(
            new BinaryCrossEntropy()
                .perExample(certain, Tensor.of(new float[] {0, 1}, 1, 2))
                .item())
        .isCloseTo(-Math.log(1e-7), within(0.2));
    assertThat(
            new SparseCategoricalCrossEntropy()
                .perExample(certain, Tensor.of(new long[] {1}))
                .item())
        .isCloseTo(-Math.log(1e-7), within(0.1));
    Tensor logits = Tensor.of(new float[] {1000, -1000}, 1, 2);
    assertThat(
            new BinaryCrossEntropy(true)
                .perExample(logits, Tensor.of(new float[] {0, 1}, 1, 2))
                .item())
        .isEqualTo(1000);
    assertThat(
            new SparseCategoricalCrossEntropy(true)
                .perExample(logits, Tensor.of(new long[] {1}))
                .item())
        .isEqualTo(2000);
  }

  @Test
  void aColumnOfPredictionsIsComparedWithAVectorOfLabels() {
    Tensor column = Tensor.of(new float[] {1, 2, 3}, 3, 1);
    Tensor labels = Tensor.of(new long[] {1, 1, 1});

    assertThat(new MeanSquaredError().perExample(column, labels).toFloats())
        .containsExactly(0, 1, 4);
  }

  @Test
  void shapesThatDontFitAreNamed() {
    Tensor predictions = Tensor.of(LOGITS, 2, 3);
    Tensor labels = Tensor.of(new double[] {1, 2});

    assertThatThrownBy(() -> new MeanSquaredError().perExample(predictions, labels))
        .hasMessageContaining("predictions (2, 3) and labels (2,)");
    assertThatThrownBy(
            () -> new SparseCategoricalCrossEntropy().perExample(predictions, predictions))
        .hasMessageContaining("predictions (n, classes) and labels (n)")
        .hasMessageContaining("labels (2, 3)");
  }

  @Test
  void onlyTheSumLossIsNotAMean() {
    assertThat(losses().map(a -> (Loss) a.get()[0]).filter(l -> !l.mean()))
        .containsExactly(new SumLoss());
  }

  @Test
  void accuracyFollowsTheLoss() {
    assertThat(new BinaryCrossEntropy(true).accuracy()).isEqualTo(new BinaryAccuracy(0));
    assertThat(new BinaryCrossEntropy().accuracy()).isEqualTo(new BinaryAccuracy(0.5));
    assertThat(new CategoricalCrossEntropy().accuracy()).isEqualTo(new CategoricalAccuracy());
    assertThat(new SparseCategoricalCrossEntropy().accuracy())
        .isEqualTo(new SparseCategoricalAccuracy());
    assertThatThrownBy(() -> new MeanSquaredError().accuracy())
        .hasMessageContaining("no accuracy for MeanSquaredError");
  }

  private interface Formula {
    double of(double prediction, double label);
  }

  private static double binary(double p, double y) {
    return -y * Math.log(p) - (1 - y) * Math.log(1 - p);
  }

  private static double[] meanOf(Formula formula, double[] predictions) {
    double[] means = new double[2];
    for (int i = 0; i < 6; i++) {
      means[i / 3] += formula.of(predictions[i], TARGETS[i]) / 3;
    }
    return means;
  }

  private static double[] categorical(double[] probabilities, double[] targets) {
    double[] losses = new double[2];
    for (int i = 0; i < 6; i++) {
      losses[i / 3] -= targets[i] * Math.log(probabilities[i]);
    }
    return losses;
  }

  private static double[] softmax(double[] logits) {
    double[] sums = new double[2];
    for (int i = 0; i < 6; i++) {
      sums[i / 3] += Math.exp(logits[i]);
    }
    double[] p = new double[6];
    for (int i = 0; i < 6; i++) {
      p[i] = Math.exp(logits[i]) / sums[i / 3];
    }
    return p;
  }

  private static double weighted(
      Loss loss, double[] predictions, int i, double step, Tensor labels, Tensor weights) {
    double[] moved = predictions.clone();
    moved[i] += step;
    return Sum.of(Multiply.of(loss.perExample(tensor(moved), labels), weights)).item();
  }

  private static Tensor tensor(double[] values) {
    return Tensor.of(values, 2, 3);
  }
}
