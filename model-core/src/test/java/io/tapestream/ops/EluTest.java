package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class EluTest extends OpContract {

  @Test
  void leavesWhatIsPositiveAndLevelsOffAtMinusOne() {
    assertThat(Elu.of(Tensor.of(new double[] {3, 0, -50})).toDoubles()).containsExactly(3, 0, -1);
  }

  @Override
  List<Case> cases() {
    return List.of(of("both signs", in -> Elu.of(in.get(0)), apart(4, 5)));
  }
}
