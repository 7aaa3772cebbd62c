package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class TanhTest extends OpContract {

  @Test
  void squashes() {
    assertThat(Tanh.of(Tensor.of(new double[] {0})).toDoubles()).containsExactly(0);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Tanh.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Tanh", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Tanh.of(in.get(0)), normal(3, 5)),
        of("twice", in -> Tanh.of(Tanh.of(in.get(0))), positive(4).reshape(2, 2)));
  }
}
