package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogSoftmaxTest extends OpContract {

  @Test
  void isTheLogarithmOfSoftmax() {
    assertThat(LogSoftmax.of(Tensor.of(new double[] {7}, 1, 1)).toDoubles()).containsExactly(0);
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("rows", in -> LogSoftmax.of(in.get(0)), normal(4, 5)),
        of("rows of a cube", in -> LogSoftmax.of(in.get(0)), normal(2, 3, 4)));
  }
}
