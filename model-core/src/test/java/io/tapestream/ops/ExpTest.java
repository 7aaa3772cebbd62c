package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpTest extends OpContract {

  @Test
  void exponentiates() {
    assertThat(Exp.of(Tensor.of(new double[] {0})).toDoubles()).containsExactly(1);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Exp.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Exp", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Exp.of(in.get(0)), normal(3, 5)),
        of("one element", in -> Exp.of(in.get(0)), normal(1)));
  }
}
