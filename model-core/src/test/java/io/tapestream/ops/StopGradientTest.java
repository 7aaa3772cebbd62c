package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.tensor.Tensor;
import org.junit.jupiter.api.Test;

class StopGradientTest {

  @Test
  void whatItPassesOnCountsAsAConstant() {
    Tensor x = Tensor.of(new double[] {3});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor y = Multiply.of(x, StopGradient.of(Square.of(x)));
      assertThat(y.item()).isEqualTo(27);
      assertThat(tape.gradient(y, x).item()).isEqualTo(9);
    }
  }
}
