package io.tapestream.clipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.layers.Dense;
import io.tapestream.losses.MeanSquaredError;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.VectorUpdate;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClippingTest {

  /** Kernel (2, 2) and bias (2) of the gradient 8, 0, 0, 6 | 0, 2; its weight is 2. */
  private static final float[] SUM = {8, 0, 0, 6, 0, 2};

  private static final double WEIGHT = 2;
  private static final double NORM = Math.sqrt(64 + 36 + 4);

  @Test
  void fitClipsTheGradientOfTheMeanLossBeforeTheOptimizerSeesIt() {
    Batch batch = Batch.of(Tensor.of(new float[] {3, 4}, 1, 2), Tensor.of(new float[] {-1e6f}));
    Model model = Sequential.of(new Dense(1));
    model.build(Shape.of(2), 1);
    model.compile(new Sgd(1), new MeanSquaredError());
    double[] before = model.parameters().values().toDoubles();

    model.fit(batch, FitOptions.of(1, 1).clipping(new ClipByGlobalNorm(0.1)));

    double[] after = model.parameters().values().toDoubles();
    double squares = 0;
    for (int i = 0; i < after.length; i++) {
      squares += Math.pow(after[i] - before[i], 2);
    }
    assertThat(Math.sqrt(squares)).isCloseTo(0.1, within(1e-6));
    assertThat((before[1] - after[1]) / (before[0] - after[0])).isCloseTo(4 / 3.0, within(1e-5));
  }

  @Test
  void anElementIsBroughtIntoTheInterval() {
    assertThat(clipped(new ClipByValue(3.5), new float[] {8, -8, 1, -1, 7, 0}))
        .containsExactly(7, -7, 1, -1, 7, 0);
  }

  @Test
  void eachTensorIsShortenedByItself() {
    assertThat(clipped(new ClipByNorm(2.5), SUM)).containsExactly(4, 0, 0, 3, 0, 2);
  }

  @Test
  void theWholeGradientIsShortenedTogether() {
    float[] halved = {4, 0, 0, 3, 0, 1};

    assertThat(clipped(new ClipByGlobalNorm(NORM / WEIGHT / 2), SUM))
        .containsExactly(halved, within(1e-6f));
  }

  @Test
  void whatIsWithinTheBoundKeepsItsBits() {
    assertThat(clipped(new ClipByValue(4), SUM)).isEqualTo(SUM);
    assertThat(clipped(new ClipByNorm(5), SUM)).isEqualTo(SUM);
    assertThat(clipped(new ClipByGlobalNorm(NORM / WEIGHT), SUM)).isEqualTo(SUM);
    assertThat(clipped(Clipping.NONE, SUM)).isEqualTo(SUM);
  }

  @Test
  void anUpdateOfALoopOfOnesOwnClipsToo() {
    try (Model model = Sequential.of(new Dense(2))) {
      model.build(Shape.of(2), 1);
      float[] before = model.parameters().values().toFloats();
      VectorUpdate update = new VectorUpdate(model, new Sgd(1), new ClipByGlobalNorm(NORM / 2));

      update.applyGradients(
          List.of(Tensor.of(new float[] {8, 0, 0, 6}, 2, 2), Tensor.of(new float[] {0, 2})));

      float[] after = model.parameters().values().toFloats();
      for (int i = 0; i < SUM.length; i++) {
        assertThat(before[i] - after[i]).isCloseTo(SUM[i] / 2, within(1e-5f));
      }
    }
  }

  @Test
  void aLongVectorIsClippedToItsEnd() {
    try (Model model = Sequential.of(new Dense(100))) {
      model.build(Shape.of(100), 1);
      ParameterVector parameters = model.parameters();
      float[] gradient = Reference.uniform(7, parameters.size());
      parameters.gradients().write(0, gradient, 0, gradient.length);
      new ClipByValue(0.5).clip(parameters, 1, 1);

      for (int i = 0; i < gradient.length; i++) {
        gradient[i] = Math.min(gradient[i], 0.5f);
      }
      assertThat(parameters.gradients().toFloats()).isEqualTo(gradient);
    }
  }

  @Test
  void aBoundThatIsNoneIsRefused() {
    assertThatThrownBy(() -> new ClipByValue(0)).hasMessageContaining("above 0, not 0.0");
    assertThatThrownBy(() -> new ClipByNorm(-1)).hasMessageContaining("norm");
    assertThatThrownBy(() -> new ClipByGlobalNorm(Double.NaN)).hasMessageContaining("NaN");
  }

  private static float[] clipped(Clipping rule, float[] sum) {
    try (Model model = Sequential.of(new Dense(2))) {
      model.build(Shape.of(2), 1);
      model.parameters().gradients().write(0, sum, 0, sum.length);
      rule.clip(model.parameters(), WEIGHT, NORM);
      return model.parameters().gradients().toFloats();
    }
  }
}
