package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerNormTest extends OpContract {

  @Test
  void normalizesEachRowByItself() {
    Tensor x = Tensor.of(new double[] {1, 3, 100, 300}, 2, 2);
    assertThat(LayerNorm.of(x, null, null, 0).toDoubles())
        .containsExactly(new double[] {-1, 1, -1, 1}, within(1e-12));
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> LayerNorm.of(normal(2, 3), normal(2), null, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("LayerNorm", "(2, 3)", "(2,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "scaled and shifted",
            in -> LayerNorm.of(in.get(0), in.get(1), in.get(2), 0.1),
            normal(3, 5),
            normal(5),
            positive(5)),
        of("neither", in -> LayerNorm.of(in.get(0), null, null, 0.1), normal(2, 2, 6)));
  }
}
