package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class AbsTest extends OpContract {

  @Test
  void takesMagnitudes() {
    assertThat(Abs.of(Tensor.of(new double[] {-2, 3})).toDoubles()).containsExactly(2, 3);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Abs.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Abs", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Abs.of(in.get(0)), apart(3, 5)),
        of("twice", in -> Abs.of(Abs.of(in.get(0))), apart(4).reshape(2, 2)));
  }
}
