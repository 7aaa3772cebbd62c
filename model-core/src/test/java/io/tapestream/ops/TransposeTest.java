package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransposeTest extends OpContract {

  @Test
  void swapsAxes() {
    assertThat(Transpose.of(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2)).toDoubles())
        .containsExactly(1, 3, 2, 4);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Transpose.of(normal(2, 3), 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Transpose", "[0, 0]", "(2, 3)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Transpose.of(in.get(0)), normal(2, 3)),
        of("a cube", in -> Transpose.of(in.get(0), 1, 2, 0), normal(2, 3, 4)));
  }
}
