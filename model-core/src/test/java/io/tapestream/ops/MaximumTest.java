package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MaximumTest extends OpContract {
  private static final Tensor ROW = Tensor.of(new double[] {0.42, -0.38, 0.02, -0.93});

  @Test
  void takesTheLargerWithBroadcasting() {
    Tensor a = Tensor.of(new double[] {1, 20, 3, 40}, 2, 2);
    Tensor b = Tensor.of(new double[] {2, 30});
    assertThat(Maximum.of(a, b).toDoubles()).containsExactly(2, 30, 3, 40);
  }

  @Test
  void equalsShareTheGradient() {
    Tensor a = Tensor.of(new double[] {1, 2});
    Tensor b = Tensor.of(new double[] {1, 5});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(a);
      tape.watch(b);
      List<Tensor> gradients = tape.gradient(Sum.of(Maximum.of(a, b)), List.of(a, b));
      assertThat(gradients.get(0).toDoubles()).containsExactly(0.5, 0);
    }
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Maximum.of(normal(2, 3), normal(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Maximum", "(2, 3)", "(2,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a row", in -> Maximum.of(in.get(0), in.get(1)), apart(3, 4), ROW),
        of("of higher rank", in -> Maximum.of(in.get(0), in.get(1)), ROW, apart(2, 3, 1)));
  }
}
