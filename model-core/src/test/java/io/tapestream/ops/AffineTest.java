package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.backend.Activation;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class AffineTest extends OpContract {

  @Test
  void isADenseLayer() {
    Tensor x = Tensor.of(new double[] {1, 2}, 1, 2);
    Tensor w = Tensor.of(new double[] {1, 0, 0, -1}, 2, 2);
    Tensor bias = Tensor.of(new double[] {10, 0});
    assertThat(Affine.of(x, w, bias, Activation.RELU).toDoubles()).containsExactly(11, 0);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Affine.of(normal(2, 3), normal(3, 4), normal(5), Activation.LINEAR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Affine", "(2, 3)", "(3, 4)", "(5,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "LINEAR",
            in -> Affine.of(in.get(0), in.get(1), in.get(2), Activation.LINEAR),
            normal(4, 3),
            normal(3, 5),
            normal(5)),
        of(
            "RELU",
            in -> Affine.of(in.get(0), in.get(1), in.get(2), Activation.RELU),
            normal(4, 3),
            normal(3, 5),
            normal(5)),
        of(
            "SIGMOID",
            in -> Affine.of(in.get(0), in.get(1), in.get(2), Activation.SIGMOID),
            normal(4, 3),
            normal(3, 5),
            normal(5)),
        of(
            "TANH",
            in -> Affine.of(in.get(0), in.get(1), in.get(2), Activation.TANH),
            normal(4, 3),
            normal(3, 5),
            normal(5)));
  }
}
