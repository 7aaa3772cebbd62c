package io.tapestream.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.losses.MeanSquaredError;
import io.tapestream.metrics.Auc.Curve;
import io.tapestream.metrics.Auc.Summation;
import io.tapestream.metrics.Metric.Sums;
import io.tapestream.reference.Reference;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AucTest {
  private static final Tensor PREDICTIONS = Tensor.of(new float[] {0, 0.5f, 0.3f, 0.9f}, 4, 1);
  private static final Tensor LABELS = Tensor.of(new float[] {0, 0, 1, 1});

  /**
   * Three thresholds and the weights 1, 2, 3, 4: true positives 7, 4, 0 and false ones 3, 0, 0; the
   * areas worked out by hand, as in the tests of Keras, whose numbers these are.
   */
  @ParameterizedTest
  @CsvSource({
    "ROC, INTERPOLATION, 0.785714",
    "ROC, MAJORING, 1.0",
    "ROC, MINORING, 0.571429",
    "PR, INTERPOLATION, 0.916613",
    "PR, MAJORING, 1.0",
    "PR, MINORING, 0.3"
  })
  void theAreaIsThatOfKeras(Curve curve, Summation summation, double expected) {
    Auc auc = new Auc(3, curve, summation, false);
    Tensor weights = Tensor.of(new float[] {1, 2, 3, 4});

    Sums sums = auc.measure(PREDICTIONS, LABELS, weights);

    assertThat(auc.value(sums)).isCloseTo(expected, within(1e-6));
    assertThat(Specs.read(Specs.toJson(auc), Metric.class)).isEqualTo(auc);
  }

  @Test
  void theExamplesOfKerasDocumentation() {
    Auc auc = new Auc(3, Curve.ROC, Summation.INTERPOLATION, false);

    assertThat(auc.value(auc.measure(PREDICTIONS, LABELS, ones(4)))).isEqualTo(0.75);
    assertThat(auc.value(auc.measure(PREDICTIONS, LABELS, Tensor.of(new float[] {1, 0, 0, 1}))))
        .isEqualTo(1);
  }

  @Test
  void withManyThresholdsItIsTheShareOfPairsInTheRightOrder() {
    int n = 500;
    float[] p = Reference.uniform(1, n);
    float[] noise = Reference.uniform(2, n);
    float[] labels = new float[n];
    for (int i = 0; i < n; i++) {
      labels[i] = p[i] + noise[i] > 1.1f ? 1 : 0;
    }
    double right = 0;
    double pairs = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (labels[i] > labels[j]) {
          right += p[i] > p[j] ? 1 : p[i] == p[j] ? 0.5 : 0;
          pairs++;
        }
      }
    }
    Auc fine = new Auc(20_001, Curve.ROC, Summation.INTERPOLATION, false);
    Tensor predictions = Tensor.of(p);
    Tensor targets = Tensor.of(labels);

    assertThat(fine.value(fine.measure(predictions, targets, ones(n))))
        .isCloseTo(right / pairs, within(1e-4));
    Auc usual = new Auc();
    assertThat(usual.value(usual.measure(predictions, targets, ones(n))))
        .isCloseTo(right / pairs, within(2e-3));
  }

  @Test
  void itsSumsAddUpOverBatches() {
    Auc auc = new Auc(Curve.PR);
    Sums whole = auc.measure(PREDICTIONS, LABELS, ones(4));
    Sums first = auc.measure(PREDICTIONS.slice(0, 3), LABELS.slice(0, 3), ones(3));
    Sums rest = auc.measure(PREDICTIONS.slice(3, 4), LABELS.slice(3, 4), ones(1));

    double[] sums = new double[auc.pairs()];
    double[] weights = new double[auc.pairs()];
    for (int i = 0; i < auc.pairs(); i++) {
      sums[i] = first.sums()[i] + rest.sums()[i];
      weights[i] = first.weights()[i] + rest.weights()[i];
    }
    assertThat(new Sums(sums, weights)).isEqualTo(whole);
    assertThat(whole.sums()).hasSize(199);
  }

  @Test
  void logitsOrderAsTheirProbabilitiesDo() {
    Tensor logits = Tensor.of(new float[] {-9, 0, -0.8472979f, 2.1972246f}, 4, 1);
    Metric auc = new Auc().forLoss(new BinaryCrossEntropy(true));

    assertThat(auc).isEqualTo(new Auc(200, Curve.ROC, Summation.INTERPOLATION, true));
    assertThat(auc.value(auc.measure(logits, LABELS, ones(4)))).isCloseTo(0.75, within(1e-9));
    assertThat(new Auc().forLoss(new MeanSquaredError())).isEqualTo(new Auc());
  }

  @Test
  void mistakesAreNamed() {
    Auc auc = new Auc();
    assertThatThrownBy(() -> auc.measure(Tensor.of(new float[] {3}), ones(1), ones(1)))
        .hasMessageContaining("probabilities in [0, 1], got 3.0; set fromLogits");
    assertThatThrownBy(() -> auc.measure(ones(2), ones(1), ones(1)))
        .hasMessageContaining("got (2,) and (1,)");
    assertThatThrownBy(() -> new Auc(1, Curve.ROC, Summation.MAJORING, false))
        .hasMessageContaining("thresholds must be at least 2, got 1");
    Tensor none = Tensor.of(new float[0]);
    assertThat(auc.value(auc.measure(none, none, none))).isNaN();
    assertThat(auc.measure(Tensor.of(new float[] {Float.NaN}), ones(1), ones(1)).sums()[0])
        .as("a batch that is refused for it anyway")
        .isEqualTo(1);
  }

  private static Tensor ones(int n) {
    float[] ones = new float[n];
    Arrays.fill(ones, 1);
    return Tensor.of(ones);
  }
}
