package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ArgMaxTest {
  @Test
  void findsTheLargestOfEachRow() {
    Tensor x = Tensor.of(new float[] {1, 5, 5, 9, 2, 3}, 2, 3);
    assertThat(ArgMax.of(x).toLongs()).containsExactly(1, 0);
  }

  @Test
  void anEmptyRowHasNone() {
    assertThatThrownBy(() -> ArgMax.of(Tensor.of(new float[0], 2, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("ArgMax", "(2, 0)");
  }
}
