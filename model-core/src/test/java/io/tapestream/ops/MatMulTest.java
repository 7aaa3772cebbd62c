package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatMulTest extends OpContract {

  @Test
  void multipliesMatrices() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
    Tensor w = Tensor.of(new double[] {5, 6}, 2, 1);
    assertThat(MatMul.of(x, w).toDoubles()).containsExactly(17, 39);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> MatMul.of(normal(32, 784), normal(100, 10)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("MatMul", "(n, in) and (in, out)", "(32, 784)", "(100, 10)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("rectangles", in -> MatMul.of(in.get(0), in.get(1)), normal(3, 4), normal(4, 5)),
        of(
            "a chain",
            in -> MatMul.of(MatMul.of(in.get(0), in.get(1)), in.get(1)),
            normal(2, 3),
            normal(3, 3)));
  }
}
