package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.backend.Activation;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class GruTest extends OpContract {

  @Test
  void movesFromTheStateBeforeToTheCandidate() {
    Tensor x = Tensor.of(new double[] {1, 1}, 1, 2, 1);
    Tensor w = Tensor.of(new double[] {0, 0, 4}, 1, 3); // z, r, g
    Tensor y =
        Gru.of(
            x,
            w,
            Scale.of(normal(1, 3), 0),
            null,
            Tensor.of(new double[] {8}, 1, 1),
            Activation.SIGMOID,
            Activation.LINEAR);
    assertThat(y.toDoubles()).containsExactly(new double[] {6, 5}, within(1e-12));
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(
            () ->
                Gru.of(
                    normal(2, 3, 3),
                    normal(3, 6),
                    normal(2, 6),
                    normal(6),
                    normal(2, 2),
                    Activation.SIGMOID,
                    Activation.TANH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Gru", "(2, 3u)", "(6,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "SIGMOID and TANH",
            in ->
                Gru.of(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    in.get(3),
                    in.get(4),
                    Activation.SIGMOID,
                    Activation.TANH),
            normal(2, 3, 2),
            normal(2, 9),
            normal(3, 9),
            normal(2, 9),
            normal(2, 3)),
        of(
            "one step, without a bias",
            in ->
                Gru.of(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    null,
                    in.get(3),
                    Activation.SIGMOID,
                    Activation.LINEAR),
            normal(2, 1, 2),
            normal(2, 6),
            normal(2, 6),
            normal(2, 2)));
  }
}
