package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeanTest extends OpContract {

  @Test
  void reducesAxes() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
    assertThat(Mean.of(x, 0).toDoubles()).containsExactly(2, 3);
    assertThat(Mean.of(x).item()).isEqualTo(2.5);
    assertThat(Mean.keepDims(x, -1).shape()).isEqualTo(Shape.of(2, 1));
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Mean.of(Tensor.of(new long[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Mean", "floating");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("all", in -> Mean.of(in.get(0)), normal(3, 4)),
        of("first", in -> Mean.of(in.get(0), 0), normal(3, 4)),
        of("last, kept", in -> Mean.keepDims(in.get(0), -1), normal(2, 3, 4)),
        of("outer and inner", in -> Mean.of(in.get(0), 0, 2), normal(2, 3, 4)));
  }
}
