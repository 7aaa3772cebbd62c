package io.tapestream.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.losses.MeanSquaredError;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Metric.Sums;
import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MetricsTest {
  private static final Tensor WEIGHTS = Tensor.of(new float[] {2, 1, 0.5f});

  /** Metric, predictions, labels, sums under the weights 2, 1 and ½. */
  static Stream<Arguments> metrics() {
    return Stream.of(
        Arguments.of(
            new Accuracy().forLoss(new SparseCategoricalCrossEntropy()),
            classes(),
            Tensor.of(new long[] {1, 0, 1}),
            new Sums(3, 3.5)),
        Arguments.of(
            new CategoricalAccuracy(),
            classes(),
            Tensor.of(new float[] {0, 1, 0, 0, 1, 0, 0, 0.4f, 0.6f}, 3, 3),
            new Sums(2.5, 3.5)),
        Arguments.of(
            new BinaryAccuracy(),
            Tensor.of(new float[] {0.9f, 0.5f, 0.51f}, 3, 1),
            Tensor.of(new float[] {1, 0, 0}),
            new Sums(3, 3.5)),
        Arguments.of(
            new BinaryAccuracy(0),
            Tensor.of(new float[] {1, -1, 1, 1, -1, -1}, 3, 2),
            Tensor.of(new float[] {1, 1, 1, 1, 1, 1}, 3, 2),
            new Sums(2, 3.5)),
        Arguments.of(
            new MeanLoss("mse", new MeanSquaredError()),
            Tensor.of(new float[] {1, 2, 3}, 3, 1),
            Tensor.of(new float[] {1, 1, 1}),
            new Sums(3, 3.5)),
        Arguments.of(
            new Auc(3, Auc.Curve.ROC, Auc.Summation.INTERPOLATION, false),
            Tensor.of(new float[] {0.2f, 0.5f, 0.51f}, 3, 1),
            Tensor.of(new float[] {0, 1, 1}),
            new Sums(new double[] {1, 0.5}, new double[] {2, 0})));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("metrics")
  void aMetricIsAWeightedSum(Metric metric, Tensor predictions, Tensor labels, Sums expected) {
    assertThat(metric.measure(predictions, labels, WEIGHTS)).isEqualTo(expected);
    assertThat(Specs.read(Specs.toJson(metric), Metric.class)).isEqualTo(metric);
  }

  @Test
  void anExampleWithoutWeightDoesNotCount() {
    Tensor someWeights = Tensor.of(new float[] {1, 0, 0});

    Sums sums =
        new SparseCategoricalAccuracy()
            .measure(classes(), Tensor.of(new long[] {1, 2, 0}), someWeights);

    assertThat(sums).isEqualTo(new Sums(1, 1));
  }

  @Test
  void accuracyAloneKnowsNotWhatToMeasure() {
    assertThatThrownBy(() -> new Accuracy().measure(classes(), classes(), WEIGHTS))
        .hasMessageContaining("forLoss");
    assertThatThrownBy(() -> new Accuracy().forLoss(new MeanSquaredError()))
        .hasMessageContaining("no accuracy for MeanSquaredError");
  }

  @Test
  void everyMetricIsCheckedHere() {
    Stream<Metric> checked = metrics().map(a -> (Metric) a.get()[0]);

    assertThat(Families.namesOf(Stream.concat(checked, Stream.of(new Accuracy()))))
        .isEqualTo(Families.membersOf(Metric.class));
  }

  /** Three predictions; JUnit closes what a test was given, so each has its own. */
  private static Tensor classes() {
    return Tensor.of(new float[] {0.1f, 0.7f, 0.2f, 0.5f, 0.5f, 0, 0, 0, 1}, 3, 3);
  }
}
