package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SigmoidCrossEntropyTest extends OpContract {

  @Test
  void isTheNegativeLogLikelihoodOfTheLabel() {
    assertThat(
            SigmoidCrossEntropy.of(Tensor.of(new double[] {0}, 1), Tensor.of(new double[] {1}, 1))
                .item())
        .isCloseTo(Math.log(2), within(1e-12));
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> SigmoidCrossEntropy.of(normal(4, 1), normal(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("SigmoidCrossEntropy", "(4, 1)", "(4,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("elements", in -> SigmoidCrossEntropy.of(in.get(0), positive(4, 3)), normal(4, 3)));
  }
}
