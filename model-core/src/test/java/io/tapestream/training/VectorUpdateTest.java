package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.layers.Dense;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.optimizers.Step;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VectorUpdateTest {

  /** Notes the lengths it is asked to update. */
  private record Noting(Granule granule, List<Integer> lengths) implements Optimizer {
    @Override
    public int slots() {
      return 0;
    }

    @Override
    public float initialSlot(int slot) {
      return 0;
    }

    @Override
    public void update(
        float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
      lengths.add(length);
    }
  }

  @Test
  void r14AnOptimizerThatNeedsWholeTensorsGetsWholeTensors() {
    List<Integer> lengths = new ArrayList<>();

    new VectorUpdate(
            parameters(), parameters().trainedEntries(), new Noting(Granule.TENSOR, lengths))
        .apply(1, 0);

    assertThat(lengths).containsExactly(300 * 70, 70, 70 * 2, 2);
  }

  @Test
  void anElementWiseOptimizerGetsChunksThatCoverTheVector() {
    List<Integer> lengths = new ArrayList<>();

    new VectorUpdate(
            parameters(), parameters().trainedEntries(), new Noting(Granule.ELEMENT, lengths))
        .apply(1, 0);

    assertThat(lengths).hasSizeGreaterThan(1);
    assertThat(lengths.stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(parameters().trainedSize());
  }

  @Test
  void theUpdateIsTheRuleOnTheDividedGradientOverTheWholeVector() {
    ParameterVector parameters = parameters();
    int size = parameters.size();
    float[] expected = parameters.values().toFloats();
    float[] gradient = Reference.uniform(3, size);
    Sgd rule = new Sgd(0.1, 0.9, true);
    float[][] slots = rule.newSlots(size);
    VectorUpdate update = new VectorUpdate(parameters, parameters.trainedEntries(), rule);

    for (int step = 1; step <= 3; step++) {
      parameters.gradients().write(0, gradient, 0, size);
      update.apply(4, step - 1);
      float[] divided = gradient.clone();
      for (int i = 0; i < size; i++) {
        divided[i] /= 4;
      }
      rule.update(expected, divided, slots, 0, size, Step.of(step));
    }

    assertThat(parameters.values().toFloats()).isEqualTo(expected);
  }

  private static ParameterVector parameters() {
    Sequential model = Sequential.of(new Dense(70), new Dense(2));
    model.build(Shape.of(300), 1);
    return model.parameters();
  }
}
