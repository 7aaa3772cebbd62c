package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleTest extends OpContract {

  @Test
  void multipliesByAConstant() {
    assertThat(Scale.of(Tensor.of(new double[] {1, -2}), 3).toDoubles()).containsExactly(3, -6);
  }

  @Test
  void addsAConstantToo() {
    Tensor x = Tensor.of(new double[] {1, -2});
    assertThat(Scale.of(x, 3, 0.5).toDoubles()).containsExactly(3.5, -5.5);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Scale.of(Tensor.of(new long[] {1}), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Scale", "floating");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("by a half", in -> Scale.of(in.get(0), 0.5), normal(3, 4)),
        of("by two and less three", in -> Scale.of(in.get(0), 2, -3), normal(3, 4)));
  }
}
