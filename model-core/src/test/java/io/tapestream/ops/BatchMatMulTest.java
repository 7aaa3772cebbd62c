package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchMatMulTest extends OpContract {

  @Test
  void multipliesMatrixByMatrix() {
    Tensor a = Tensor.of(new double[] {1, 2, 3, 4}, 2, 1, 2);
    Tensor b = Tensor.of(new double[] {1, 1, 10, 100}, 2, 2, 1);
    assertThat(BatchMatMul.of(a, b, false).toDoubles()).containsExactly(3, 430);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> BatchMatMul.of(normal(2, 3, 4), normal(3, 4, 5), false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("BatchMatMul", "(2, 3, 4)", "(3, 4, 5)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "a stack",
            in -> BatchMatMul.of(in.get(0), in.get(1), false),
            normal(2, 3, 4),
            normal(2, 4, 2)),
        of(
            "transposed, a stack of stacks",
            in -> BatchMatMul.of(in.get(0), in.get(1), true),
            normal(2, 2, 3, 2),
            normal(2, 2, 4, 2)));
  }
}
