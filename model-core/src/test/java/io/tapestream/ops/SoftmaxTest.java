package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SoftmaxTest extends OpContract {

  @Test
  void makesRowsThatSumToOne() {
    assertThat(Softmax.of(Tensor.of(new double[] {7, 7, 0, 0}, 2, 2)).toDoubles())
        .containsExactly(0.5, 0.5, 0.5, 0.5);
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("rows", in -> Softmax.of(in.get(0)), normal(4, 5)),
        of("rows of a cube", in -> Softmax.of(in.get(0)), normal(2, 3, 4)));
  }
}
