package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConcatTest extends OpContract {

  @Test
  void laysSideBySide() {
    assertThat(
            Concat.of(
                    1,
                    List.of(
                        Tensor.of(new double[] {1, 2}, 2, 1), Tensor.of(new double[] {3, 4}, 2, 1)))
                .toDoubles())
        .containsExactly(1, 3, 2, 4);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Concat.of(0, List.of(normal(2, 3), normal(2, 4))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Concat", "(2, 3)", "(2, 4)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("first axis", in -> Concat.of(0, in), normal(2, 3), normal(1, 3), normal(4, 3)),
        of("last axis", in -> Concat.of(-1, in), normal(2, 3, 2), normal(2, 3, 5)),
        of("one tensor twice", in -> Concat.of(1, List.of(in.get(0), in.get(0))), normal(2, 3)));
  }
}
