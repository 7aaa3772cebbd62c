package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class BroadcastToTest extends OpContract {

  @Test
  void repeatsAlongAxesOfLengthOneAndNewOnes() {
    Tensor x = Tensor.of(new double[] {1, 2}, 2, 1);
    assertThat(BroadcastTo.of(x, Shape.of(2, 2, 2)).toDoubles())
        .containsExactly(1, 1, 2, 2, 1, 1, 2, 2);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    for (Shape wrong : List.of(Shape.of(3), Shape.of(2, 4), Shape.of(4, 3))) {
      assertThatThrownBy(() -> BroadcastTo.of(normal(2, 3), wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("BroadcastTo", "(2, 3)", wrong.toString());
    }
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a new axis", in -> BroadcastTo.of(in.get(0), Shape.of(4, 2, 3)), normal(2, 3)),
        of("an axis of length one", in -> BroadcastTo.of(in.get(0), Shape.of(2, 3)), normal(2, 1)),
        of("both", in -> BroadcastTo.of(in.get(0), Shape.of(2, 3, 2)), normal(1, 2)),
        of("a scalar", in -> BroadcastTo.of(in.get(0), Shape.of(3)), normal()),
        of("its own shape", in -> BroadcastTo.of(in.get(0), Shape.of(2, 3)), normal(2, 3)));
  }
}
