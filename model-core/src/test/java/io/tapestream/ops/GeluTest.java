package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class GeluTest extends OpContract {

  @Test
  void weighsByTheNormalDistribution() {
    Tensor x = Tensor.of(new double[] {1, 0, -1, 40, -40});
    double share = 0.8413447460685429;
    assertThat(Gelu.of(x, false).toDoubles())
        .containsExactly(new double[] {share, 0, share - 1, 40, 0}, within(1e-15));
  }

  @Test
  void theApproximationIsWithinAThousandth() {
    Tensor x = apart(40);
    assertThat(Gelu.of(x, true).toDoubles())
        .containsExactly(Gelu.of(x, false).toDoubles(), within(1e-3));
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("exact", in -> Gelu.of(in.get(0), false), apart(4, 13)),
        of("by tanh", in -> Gelu.of(in.get(0), true), apart(4, 13)));
  }
}
