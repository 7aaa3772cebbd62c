package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SquareTest extends OpContract {

  @Test
  void squares() {
    assertThat(Square.of(Tensor.of(new double[] {-3})).toDoubles()).containsExactly(9);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Square.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Square", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Square.of(in.get(0)), normal(3, 5)),
        of("twice", in -> Square.of(Square.of(in.get(0))), positive(4).reshape(2, 2)));
  }
}
