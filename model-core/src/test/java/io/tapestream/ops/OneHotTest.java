package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import org.junit.jupiter.api.Test;

class OneHotTest {
  @Test
  void marksEachIndex() {
    Tensor rows = OneHot.of(Tensor.of(new long[] {2, 0}), 3, DType.FLOAT32);
    assertThat(rows.toFloats()).containsExactly(0, 0, 1, 1, 0, 0);
  }

  @Test
  void anIndexBeyondTheRowIsNamed() {
    assertThatThrownBy(() -> OneHot.of(Tensor.of(new long[] {2, 3}), 3, DType.FLOAT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3");
  }
}
