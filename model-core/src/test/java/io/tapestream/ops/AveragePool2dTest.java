package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.backend.Padding;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class AveragePool2dTest extends OpContract {

  @Test
  void reducesWindows() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 1, 2, 2, 1);
    assertThat(AveragePool2d.of(x, 2, 2, 2, 2, Padding.VALID).toDoubles()).containsExactly(2.5);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> AveragePool2d.of(normal(1, 2, 2, 1), 3, 3, 1, 1, Padding.VALID))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("AveragePool2d", "3×3", "(1, 2, 2, 1)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "halves",
            in -> AveragePool2d.of(in.get(0), 2, 2, 2, 2, Padding.VALID),
            apart(2, 4, 6, 3)),
        of(
            "overlapping, same border",
            in -> AveragePool2d.of(in.get(0), 3, 2, 2, 1, Padding.SAME),
            apart(1, 5, 4, 2)));
  }
}
