package io.tapestream.schedules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.optimizers.Step;
import io.tapestream.reference.Reference;
import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SchedulesTest {

  static Stream<Arguments> all() {
    return Stream.of(
        Arguments.of("constant", new Constant(0.01)),
        Arguments.of("exponential", new ExponentialDecay(0.1, 10, 0.5)),
        Arguments.of("exponential stairs", new ExponentialDecay(0.1, 10, 0.5, true)),
        Arguments.of("inverse time", new InverseTimeDecay(0.1, 10, 0.5)),
        Arguments.of("inverse time stairs", new InverseTimeDecay(0.1, 10, 0.5, true)),
        Arguments.of(
            "piecewise",
            new PiecewiseConstantDecay(List.of(4L, 10L, 100L), List.of(0.1, 0.05, 0.01, 0.001))),
        Arguments.of("polynomial", new PolynomialDecay(0.1, 100)),
        Arguments.of("square root", new PolynomialDecay(0.1, 64, 0.01, 0.5, false)),
        Arguments.of("polynomial cycles", new PolynomialDecay(0.1, 10, 0.001, 2, true)),
        Arguments.of("linear warm-up", new PolynomialDecay(0, 25, 0.1, 1, false)),
        Arguments.of("cosine", new CosineDecay(0.1, 100)),
        Arguments.of("cosine with warm-up", new CosineDecay(0.001, 90, 0.1, 0.1, 10)),
        Arguments.of("restarts", new CosineDecayRestarts(0.1, 8, 2, 0.9, 0.05)),
        Arguments.of("restarts alike", new CosineDecayRestarts(0.1, 16, 1, 0.8, 0)));
  }

  @Test
  void anOptimizerTakesAScheduleInPlaceOfALearningRate() throws Exception {
    Optimizer optimizer =
        Specs.read(
            new ObjectMapper()
                .readTree(
                    """
                    {"type": "Sgd", "settings": {"learningRate":
                      {"type": "ExponentialDecay",
                       "settings": {"initialLearningRate": 1, "decaySteps": 2, "decayRate": 0.5,
                                    "staircase": true}}}}"""),
            Optimizer.class);
    float[] weights = {0};

    assertThat(optimizer).isEqualTo(new Sgd(new ExponentialDecay(1, 2, 0.5, true)));
    for (int n = 1; n <= 5; n++) {
      optimizer.update(weights, new float[] {-1}, new float[0][], 0, 1, Step.of(n));
    }
    assertThat(weights).containsExactly(1 + 1 + 0.5f + 0.5f + 0.25f);
  }

  @Test
  void r2AScheduleRunsOnRoundsWhileAdamCountsTheUpdatesThatWereApplied() {
    Adam adam = new Adam(new PiecewiseConstantDecay(List.of(6L), List.of(1e-3, 1e-2)));
    float[] weights = {1};

    adam.update(weights, new float[] {5}, adam.newSlots(1), 0, 1, new Step(1, 7));

    assertThat(weights[0]).isCloseTo(0.99f, within(1e-5f)); // t = 1: a step of the learning rate
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void theRatesAreThoseOfKerassFormulas(String name, Schedule schedule) {
    double[] rounds = Reference.numbers("schedules.json", "/rounds");
    double[] expected = Reference.numbers("schedules.json", "/rates/" + name);

    for (int i = 0; i < rounds.length; i++) {
      assertThat(schedule.at((long) rounds[i]))
          .as("round %s", rounds[i])
          .isCloseTo(expected[i], within(1e-14));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void everyRateOfALongRunIsFiniteAndAtLeastZero(String name, Schedule schedule) {
    for (long round = 0; round < 5_000; round++) {
      assertThat(schedule.at(round)).as("round %d", round).isFinite().isNotNegative();
    }
    assertThat(schedule.at(Long.MAX_VALUE / 2)).isFinite().isNotNegative();
  }

  @Test
  void aPeriodStartsAgainExactlyWhereTheOneBeforeHasEnded() {
    Schedule schedule = new CosineDecayRestarts(0.1, 8);

    assertThat(List.of(8L, 24L, 56L, 120L))
        .allSatisfy(
            round -> {
              assertThat(schedule.at(round)).isEqualTo(0.1);
              assertThat(schedule.at(round - 1)).isLessThan(0.01);
            });
  }

  @Test
  void everyScheduleIsCheckedHere() {
    assertThat(Families.namesOf(all().map(a -> (Schedule) a.get()[1])))
        .isEqualTo(Families.membersOf(Schedule.class));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void aSpecificationMakesAnEqualSchedule(String name, Schedule schedule) {
    assertThat(Specs.read(Specs.toJson(schedule), Schedule.class)).isEqualTo(schedule);
    Adam adam = new Adam(schedule);
    assertThat(Specs.read(Specs.toJson(adam), Optimizer.class)).isEqualTo(adam);
  }

  @Test
  void settingsLeftOutAreKerass() throws Exception {
    assertThat(read("{\"type\": \"CosineDecay\", \"settings\": {%s, \"decaySteps\": 10}}"))
        .isEqualTo(new CosineDecay(0.5, 10, 0, 0.5, 0));
    assertThat(read("{\"type\": \"PolynomialDecay\", \"settings\": {%s, \"decaySteps\": 10}}"))
        .isEqualTo(new PolynomialDecay(0.5, 10, 0.0001, 1, false));
    assertThat(
            read("{\"type\": \"CosineDecayRestarts\", \"settings\": {%s, \"firstDecaySteps\": 9}}"))
        .isEqualTo(new CosineDecayRestarts(0.5, 9, 2, 1, 0));
  }

  @Test
  void anUnreasonableSettingIsRefusedByName() {
    assertThatThrownBy(() -> new Constant(-1)).hasMessageContaining("learningRate");
    assertThatThrownBy(() -> new ExponentialDecay(0.1, 0, 0.5))
        .hasMessageContaining("decaySteps must be at least 1, got 0");
    assertThatThrownBy(() -> new InverseTimeDecay(0.1, 1, Double.NaN))
        .hasMessageContaining("decayRate");
    assertThatThrownBy(() -> new PolynomialDecay(0.1, 1, -1, 1, false))
        .hasMessageContaining("endLearningRate");
    assertThatThrownBy(() -> new CosineDecay(0.1, 10, 2, 0.1, 0))
        .hasMessageContaining("alpha must lie in [0, 1], got 2.0");
    assertThatThrownBy(() -> new CosineDecay(0.1, 10, 0, 0.1, -1))
        .hasMessageContaining("warmupSteps");
    assertThatThrownBy(() -> new CosineDecayRestarts(0.1, 10, 0.5, 1, 0))
        .hasMessageContaining("tMul");
    assertThatThrownBy(() -> new PiecewiseConstantDecay(List.of(1L), List.of(0.1)))
        .hasMessageContaining("got 1 values and 1 boundaries");
    assertThatThrownBy(() -> new PiecewiseConstantDecay(List.of(2L, 2L), List.of(1.0, 1.0, 1.0)))
        .hasMessageContaining("must ascend");
  }

  private static Schedule read(String spec) throws Exception {
    String json = spec.formatted("\"initialLearningRate\": 0.5");
    return Specs.read(new ObjectMapper().readTree(json), Schedule.class);
  }
}
