package io.tapestream.optimizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.reference.Reference;
import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizersTest {

  static Stream<Arguments> all() {
    return Stream.of(
        Arguments.of("sgd", new Sgd(0.1)),
        Arguments.of("momentum", new Sgd(0.02, 0.9, false)),
        Arguments.of("nesterov", new Sgd(0.02, 0.9, true)),
        Arguments.of("adam", new Adam(0.001)),
        Arguments.of("adamw", new AdamW(0.001, 0.05)),
        Arguments.of("rmsprop", new RMSprop(0.001)),
        Arguments.of("rmsprop momentum", new RMSprop(0.001, 0.8, 0.9, 1e-7, false)),
        Arguments.of("rmsprop centered", new RMSprop(0.001, 0.9, 0, 1e-7, true)),
        Arguments.of("rmsprop centered momentum", new RMSprop(0.001, 0.9, 0.5, 1e-7, true)),
        Arguments.of("adagrad", new Adagrad(0.05)),
        Arguments.of("ftrl", new Ftrl(0.05)),
        Arguments.of("ftrl regularized", new Ftrl(0.05, 0.3, 0.1, 0.02, 0.5, 0.2)));
  }

  @Test
  void plainDescentMovesAgainstTheGradient() {
    float[] weights = {1, 2};

    new Sgd(0.5).update(weights, new float[] {2, -4}, new float[0][], 0, 2, Step.of(1));

    assertThat(weights).containsExactly(0, 4);
  }

  @Test
  void theFirstStepOfAdamIsTheLearningRateWhateverTheGradient() {
    Adam adam = new Adam(0.01);
    float[] weights = {1, 1, 1};

    adam.update(weights, new float[] {1e-3f, -5, 0}, adam.newSlots(3), 0, 3, Step.of(1));

    assertThat(weights).containsExactly(new float[] {0.99f, 1.01f, 1}, within(1e-4f));
  }

  @Test
  void ftrlHoldsAWeightAtZeroUntilItsEvidenceOutweighsL1() {
    Ftrl ftrl = new Ftrl(0.5, 1, 0, 0, 0, 0.1);
    float[] weights = {0, 0};
    float[][] slots = ftrl.newSlots(2);

    ftrl.update(weights, new float[] {0.6f, -3}, slots, 0, 2, Step.of(1));
    assertThat(weights[0]).isZero();
    assertThat(weights[1]).isPositive();

    ftrl.update(weights, new float[] {0.6f, 0}, slots, 0, 2, Step.of(2));
    assertThat(weights[0]).isNegative();
  }

  @Test
  void whileTheLearningRateIsZeroFtrlWaits() {
    Ftrl ftrl = new Ftrl(0);
    float[] weights = {1, 2};

    ftrl.update(weights, new float[] {3, 4}, ftrl.newSlots(2), 0, 2, Step.of(1));

    assertThat(weights).containsExactly(1, 2);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void aHundredStepsEndWherePyTorchEnds(String name, Optimizer optimizer) {
    float[] weights = Reference.uniform(30, 64);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 2 * weights[i] - 1;
    }
    float[][] slots = optimizer.newSlots(64);
    for (int step = 1; step <= 100; step++) {
      optimizer.update(weights, gradient(weights, step), slots, 0, 64, Step.of(step));
    }

    double[] expected = Reference.numbers("optimizers.json", "/weights/" + name);
    for (int i = 0; i < 64; i++) {
      assertThat((double) weights[i]).as("weight %d", i).isCloseTo(expected[i], within(2e-6));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void theBitsDependNeitherOnWhereAVectorIsCutNorOnARestart(String name, Optimizer optimizer) {
    float[] whole = Reference.uniform(30, 64);
    float[][] wholeSlots = optimizer.newSlots(64);
    float[] left = Arrays.copyOfRange(whole, 0, 23);
    float[] right = Arrays.copyOfRange(whole, 23, 64);
    float[][] leftSlots = optimizer.newSlots(23);
    float[][] rightSlots = optimizer.newSlots(41);
    for (int step = 1; step <= 10; step++) {
      float[] gradient = gradient(whole, step);
      optimizer.update(whole, 0, gradient, 0, wholeSlots, 0, 64, Step.of(step));
      optimizer.update(left, 0, gradient, 0, leftSlots, 0, 23, Step.of(step));
      optimizer.update(right, 0, gradient, 23, rightSlots, 0, 41, Step.of(step));
      rightSlots = copy(rightSlots); // as after a restore
    }

    assertThat(left).isEqualTo(Arrays.copyOfRange(whole, 0, 23));
    assertThat(right).isEqualTo(Arrays.copyOfRange(whole, 23, 64));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void onlyTheRangeThatIsNamedIsTouched(String name, Optimizer optimizer) {
    float[] weights = new float[10];
    float[][] slots = optimizer.newSlots(10);
    float[] ones = new float[10];
    Arrays.fill(ones, 1);

    optimizer.update(weights, 4, ones, 2, slots, 4, 3, Step.of(1));

    assertThat(Arrays.copyOfRange(weights, 4, 7)).doesNotContain(0);
    Arrays.fill(weights, 4, 7, 0);
    assertThat(weights).containsOnly(0);
    for (int slot = 0; slot < slots.length; slot++) {
      Arrays.fill(slots[slot], 4, 7, optimizer.initialSlot(slot));
      assertThat(slots[slot]).containsOnly(optimizer.initialSlot(slot));
    }
    assertThat(ones).containsOnly(1);
  }

  @Test
  void everyOptimizerIsCheckedHere() {
    assertThat(Families.namesOf(all().map(a -> (Optimizer) a.get()[1])))
        .isEqualTo(Families.membersOf(Optimizer.class));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void aSpecificationMakesAnEqualOptimizer(String name, Optimizer optimizer) {
    assertThat(Specs.read(Specs.toJson(optimizer), Optimizer.class)).isEqualTo(optimizer);
  }

  @Test
  void anUnreasonableSettingIsRefusedByName() {
    assertThatThrownBy(() -> new Sgd(-1))
        .hasMessageContaining("Sgd: learningRate")
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> new Sgd(0.1, 1, false))
        .hasMessageContaining("momentum must lie in [0, 1)");
    assertThatThrownBy(() -> new Sgd(0.1, 0, true))
        .hasMessageContaining("nesterov needs a momentum");
    assertThatThrownBy(() -> new Adam(0.1, 0.9, 1, 0)).hasMessageContaining("beta2");
    assertThatThrownBy(() -> new AdamW(0.1, -1)).hasMessageContaining("AdamW: weightDecay");
    assertThatThrownBy(() -> new RMSprop(0.1, 1, 0, 0, false)).hasMessageContaining("RMSprop: rho");
    assertThatThrownBy(() -> new Adagrad(0.1, -1, 0)).hasMessageContaining("initialAccumulator");
    assertThatThrownBy(() -> new Ftrl(0.1, 0, 0, -1, 0, 0)).hasMessageContaining("l2Shrinkage");
    assertThatThrownBy(() -> new Adam(Double.NaN)).hasMessageContaining("learningRate");
  }

  /** The gradient of reference.py's {@code hundred_steps}. */
  private static float[] gradient(float[] weights, int step) {
    float[] noise = Arrays.copyOfRange(Reference.uniform(31, 6400), (step - 1) * 64, step * 64);
    float[] gradient = new float[64];
    for (int i = 0; i < 64; i++) {
      gradient[i] = weights[i] / 10 + noise[i] - 0.5f;
    }
    return gradient;
  }

  private static float[][] copy(float[][] slots) {
    return Stream.of(slots).map(float[]::clone).toArray(float[][]::new);
  }
}
