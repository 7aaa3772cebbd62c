package io.tapestream.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.losses.Loss;
import io.tapestream.specs.Specs;
import io.tapestream.strategies.MirroredStrategy;
import io.tapestream.training.History;
import org.junit.jupiter.api.Test;

class ExamplesTest {

  @Test
  void aLoopWithATapeLearnsACircle() {
    assertThat(CustomLoop.run()).isGreaterThan(0.93);
  }

  @Test
  void leNetLearnsByALoopAndByFit() {
    assertThat(LeNetTwice.byLoop()).isGreaterThan(0.9);
    assertThat(LeNetTwice.byFit()).isGreaterThan(0.9);
  }

  @Test
  void theThreeWaysAreOneModel() {
    assertThat(ThreeWays.train(ThreeWays.sequential()))
        .isEqualTo(ThreeWays.train(ThreeWays.functional()))
        .isEqualTo(ThreeWays.train(new LeNet()));
  }

  @Test
  void aLayerAndALossOfOnesOwnAreUsedLikeAnyOther() {
    History history = CustomParts.run();

    assertThat(history.losses().get(19)).isLessThan(history.losses().get(0) / 10);
    CustomParts.Underestimation loss = new CustomParts.Underestimation(2);
    assertThat(Specs.read(Specs.toJson(loss), Loss.class)).isEqualTo(loss);
  }

  @Test
  void replicasLearnInAScope() {
    assertThat(Mirrored.run(new MirroredStrategy(2))).isGreaterThan(0.9);
  }

  @Test
  void replicasLearnACircleByALoopOfOnesOwn() {
    try (MirroredStrategy strategy = new MirroredStrategy(2)) {
      assertThat(MirroredLoop.run(strategy)).isGreaterThan(0.93);
    }
  }
}
