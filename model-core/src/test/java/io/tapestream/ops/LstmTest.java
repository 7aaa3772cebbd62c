package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.backend.Activation;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class LstmTest extends OpContract {

  @Test
  void keepsWhatItsForgetGateKeepsAndAddsWhatItsInputGateLetsIn() {
    Tensor x = Tensor.of(new double[] {1, 1}, 1, 2, 1);
    Tensor w = Tensor.of(new double[] {100, 0, 3, 100}, 1, 4); // i, f, g, o
    Tensor y =
        Lstm.of(
            x,
            w,
            zeros(1, 4),
            null,
            Tensor.of(new double[] {0}, 1, 1),
            Tensor.of(new double[] {8}, 1, 1),
            Activation.SIGMOID,
            Activation.LINEAR);
    assertThat(y.toDoubles()).containsExactly(new double[] {7, 6.5, 6.5}, within(1e-12));
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> run(normal(2, 3), normal(3, 8), normal(2, 8), normal(8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Lstm", "steps ≥ 1", "(2, 3)");
    assertThatThrownBy(() -> run(normal(2, 3, 3), normal(3, 8), normal(3, 8), normal(8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(3, 8)");
  }

  private static Tensor run(Tensor x, Tensor w, Tensor u, Tensor bias) {
    Tensor state = zeros(2, 2);
    return Lstm.of(x, w, u, bias, state, state, Activation.SIGMOID, Activation.TANH);
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "SIGMOID and TANH",
            in ->
                Lstm.of(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    in.get(3),
                    in.get(4),
                    in.get(5),
                    Activation.SIGMOID,
                    Activation.TANH),
            normal(2, 3, 2),
            normal(2, 12),
            normal(3, 12),
            normal(12),
            normal(2, 3),
            apart(2, 3)),
        of(
            "one step, LINEAR, without a bias",
            in ->
                Lstm.of(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    null,
                    in.get(3),
                    in.get(4),
                    Activation.SIGMOID,
                    Activation.LINEAR),
            normal(2, 1, 2),
            normal(2, 8),
            normal(2, 8),
            normal(2, 2),
            apart(2, 2)));
  }

  private static Tensor zeros(int... dims) {
    return Scale.of(normal(dims), 0);
  }
}
