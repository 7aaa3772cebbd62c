package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReverseTest extends OpContract {

  @Test
  void turnsOneAxisRound() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2);
    assertThat(Reverse.of(x, 0).toDoubles()).containsExactly(5, 6, 3, 4, 1, 2);
    assertThat(Reverse.of(x, -1).toDoubles()).containsExactly(2, 1, 4, 3, 6, 5);
  }

  @Override
  List<Case> cases() {
    return List.of(of("of a sequence", in -> Reverse.of(in.get(0), 1), normal(2, 3, 4)));
  }
}
