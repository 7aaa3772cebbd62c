package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SoftmaxCrossEntropyTest extends OpContract {

  @Test
  void isTheNegativeLogLikelihoodOfTheClass() {
    Tensor logits = Tensor.of(new double[] {0, 0, 0, 0}, 2, 2);
    assertThat(SoftmaxCrossEntropy.of(logits, Tensor.of(new long[] {0, 1})).toDoubles())
        .containsExactly(new double[] {Math.log(2), Math.log(2)}, within(1e-12));
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> SoftmaxCrossEntropy.of(normal(4, 3), normal(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("SoftmaxCrossEntropy", "(n, k)", "(4, 3)", "(3,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "classes",
            in -> SoftmaxCrossEntropy.of(in.get(0), Tensor.of(new long[] {2, 0, 1, 2})),
            normal(4, 3)),
        of(
            "classes as reals",
            in -> SoftmaxCrossEntropy.of(in.get(0), Tensor.of(new float[] {2, 0, 1, 2})),
            normal(4, 3)),
        of("distributions", in -> SoftmaxCrossEntropy.of(in.get(0), positive(4, 3)), normal(4, 3)));
  }
}
