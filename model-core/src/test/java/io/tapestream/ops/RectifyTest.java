package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class RectifyTest extends OpContract {

  @Test
  void bendsBelowTheThresholdAndStopsAtTheCeiling() {
    Tensor x = Tensor.of(new double[] {-1, 0.5, 1, 3, 6, 7, Double.NaN});
    assertThat(Rectify.of(x, 0.5, 1, 6).toDoubles())
        .containsExactly(-1, -0.25, 1, 3, 6, 6, Double.NaN);
  }

  @Test
  void aCeilingBelowTheThresholdIsRefused() {
    assertThatThrownBy(() -> Rectify.of(normal(2), 0, 1, 0.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Rectify", "threshold ≤ ceiling", "0.5");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("leaky", in -> Rectify.of(in.get(0), 0.3, 0, Double.POSITIVE_INFINITY), apart(4, 5)),
        of("all of it", in -> Rectify.of(in.get(0), 0.2, 0.3, 0.7), apart(4, 6)));
  }
}
