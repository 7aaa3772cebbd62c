package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScatterAddRowsTest extends OpContract {

  @Test
  void addsRowsWhereTheirIdsSay() {
    Tensor rows = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2);
    assertThat(ScatterAddRows.of(Tensor.of(new long[] {2, 0, 2}), rows, 3).toDoubles())
        .containsExactly(3, 4, 0, 0, 6, 8);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> ScatterAddRows.of(Tensor.of(new long[] {1, 2}), normal(3, 2), 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("ScatterAddRows", "(2,)", "(3, 2)");
    assertThatThrownBy(() -> ScatterAddRows.of(Tensor.of(new long[] {9}), normal(1, 2), 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("9");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "with repeats",
            in -> ScatterAddRows.of(Tensor.of(new long[] {3, 0, 3, 1}, 2, 2), in.get(0), 5),
            normal(2, 2, 3)));
  }
}
