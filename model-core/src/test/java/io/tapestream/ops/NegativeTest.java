package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class NegativeTest extends OpContract {

  @Test
  void negates() {
    assertThat(Negative.of(Tensor.of(new double[] {2, -1})).toDoubles()).containsExactly(-2, 1);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Negative.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Negative", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Negative.of(in.get(0)), normal(3, 5)),
        of("twice", in -> Negative.of(Negative.of(in.get(0))), positive(4).reshape(2, 2)));
  }
}
