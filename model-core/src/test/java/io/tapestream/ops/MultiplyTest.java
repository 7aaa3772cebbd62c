package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MultiplyTest extends OpContract {

  @Test
  void multipliesWithBroadcasting() {
    Tensor a = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
    Tensor b = Tensor.of(new double[] {10, 20});
    assertThat(Multiply.of(a, b).toDoubles()).containsExactly(10, 40, 30, 80);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Multiply.of(normal(2, 3), normal(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Multiply", "(2, 3)", "(2,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("equal shapes", in -> Multiply.of(in.get(0), in.get(1)), normal(3, 4), normal(3, 4)),
        of("a row", in -> Multiply.of(in.get(0), in.get(1)), normal(3, 4), normal(4)),
        of(
            "a column and a row",
            in -> Multiply.of(in.get(0), in.get(1)),
            normal(3, 1),
            normal(1, 4)),
        of("higher ranks", in -> Multiply.of(in.get(0), in.get(1)), normal(4), normal(2, 3, 1)),
        of("with itself", in -> Multiply.of(in.get(0), in.get(0)), normal(5)));
  }
}
