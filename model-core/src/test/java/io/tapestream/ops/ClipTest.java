package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClipTest extends OpContract {

  @Test
  void keepsWithinBounds() {
    assertThat(Clip.of(Tensor.of(new double[] {-2, 0.5, 2}), -1, 1).toDoubles())
        .containsExactly(-1, 0.5, 1);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> Clip.of(normal(2), 1, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Clip", "low", "1.0 and -1.0");
  }

  @Override
  List<Case> cases() {
    return List.of(of("some outside", in -> Clip.of(in.get(0), -0.5, 0.7), apart(3, 7)));
  }
}
