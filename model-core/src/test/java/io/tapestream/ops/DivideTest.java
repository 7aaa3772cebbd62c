package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class DivideTest extends OpContract {

  @Test
  void dividesWithBroadcasting() {
    Tensor a = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
    Tensor b = Tensor.of(new double[] {10, 20});
    assertThat(Divide.of(a, b).toDoubles()).containsExactly(0.1, 0.1, 0.3, 0.2);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Divide.of(normal(2, 3), normal(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Divide", "(2, 3)", "(2,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("equal shapes", in -> Divide.of(in.get(0), in.get(1)), normal(3, 4), positive(3, 4)),
        of("a row", in -> Divide.of(in.get(0), in.get(1)), normal(3, 4), positive(4)),
        of(
            "a column and a row",
            in -> Divide.of(in.get(0), in.get(1)),
            normal(3, 1),
            positive(1, 4)),
        of("higher ranks", in -> Divide.of(in.get(0), in.get(1)), normal(4), positive(2, 3, 1)),
        of("with itself", in -> Divide.of(in.get(0), in.get(0)), positive(5)));
  }
}
