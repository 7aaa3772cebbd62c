package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MaxTest extends OpContract {

  @Test
  void takesTheLargest() {
    Tensor x = Tensor.of(new double[] {1, 5, 7, 4}, 2, 2);
    assertThat(Max.of(x, 1).toDoubles()).containsExactly(5, 7);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Max.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Max", "floating");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("all", in -> Max.of(in.get(0)), apart(3, 4)),
        of("rows", in -> Max.of(in.get(0), -1), apart(2, 3, 4)));
  }
}
