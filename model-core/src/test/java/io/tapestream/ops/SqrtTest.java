package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqrtTest extends OpContract {

  @Test
  void takesRoots() {
    assertThat(Sqrt.of(Tensor.of(new double[] {9})).toDoubles()).containsExactly(3);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Sqrt.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Sqrt", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Sqrt.of(in.get(0)), positive(3, 5)),
        of("twice", in -> Sqrt.of(Sqrt.of(in.get(0))), positive(4).reshape(2, 2)));
  }
}
