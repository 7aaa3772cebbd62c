package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SliceTest extends OpContract {

  @Test
  void takesARange() {
    assertThat(Slice.of(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2), 1, 1, 2).toDoubles())
        .containsExactly(2, 4);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Slice.of(normal(2, 3), 1, 2, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Slice", "2 to 4", "(2, 3)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("rows", in -> Slice.of(in.get(0), 0, 1, 3), normal(4, 3)),
        of("middle axis", in -> Slice.of(in.get(0), 1, 0, 2), normal(2, 3, 2)));
  }
}
