package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.backend.Activation;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class BiasActivationTest extends OpContract {

  @Test
  void addsABiasAndActivates() {
    Tensor z = Tensor.of(new double[] {1, -5, -1, 5}, 2, 2);
    Tensor bias = Tensor.of(new double[] {0, 1});
    assertThat(BiasActivation.of(z, bias, Activation.RELU).toDoubles()).containsExactly(1, 0, 0, 6);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> BiasActivation.of(normal(2, 3), normal(2), Activation.TANH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("BiasActivation", "(2, 3)", "(2,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "LINEAR",
            in -> BiasActivation.of(in.get(0), in.get(1), Activation.LINEAR),
            normal(2, 3, 3),
            normal(3)),
        of(
            "RELU",
            in -> BiasActivation.of(in.get(0), in.get(1), Activation.RELU),
            apart(4, 3),
            positive(3)),
        of(
            "SIGMOID",
            in -> BiasActivation.of(in.get(0), in.get(1), Activation.SIGMOID),
            normal(2, 3, 3),
            normal(3)),
        of(
            "TANH",
            in -> BiasActivation.of(in.get(0), in.get(1), Activation.TANH),
            normal(2, 3, 3),
            normal(3)));
  }
}
