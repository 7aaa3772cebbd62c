package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogTest extends OpContract {

  @Test
  void takesLogarithms() {
    assertThat(Log.of(Tensor.of(new double[] {1})).toDoubles()).containsExactly(0);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Log.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Log", "floating", "INT64");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a matrix", in -> Log.of(in.get(0)), positive(3, 5)),
        of("one element", in -> Log.of(in.get(0)), positive(1)));
  }
}
