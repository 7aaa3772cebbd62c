package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatherRowsTest extends OpContract {

  @Test
  void looksRowsUp() {
    Tensor table = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
    assertThat(GatherRows.of(table, Tensor.of(new long[] {1, 1})).toDoubles())
        .containsExactly(3, 4, 3, 4);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> GatherRows.of(normal(2, 3), normal(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("GatherRows", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "with repeats",
            in -> GatherRows.of(in.get(0), Tensor.of(new long[] {3, 0, 3, 1}, 2, 2)),
            normal(4, 3)));
  }
}
