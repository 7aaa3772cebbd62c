package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReshapeTest extends OpContract {

  @Test
  void keepsTheElements() {
    Tensor y = Reshape.of(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2), Shape.of(4));
    assertThat(y.toDoubles()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Reshape.of(normal(2, 3), Shape.of(5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Reshape", "(5,)", "(2, 3)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("flat", in -> Reshape.of(in.get(0), Shape.of(6)), normal(2, 3)),
        of(
            "flat and used twice",
            in ->
                Multiply.of(Reshape.of(in.get(0), Shape.of(6)), Reshape.of(in.get(0), Shape.of(6))),
            normal(2, 3)));
  }
}
