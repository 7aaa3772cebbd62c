package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.random.Philox;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DropoutOpTest extends OpContract {

  @Test
  void dropsAndScales() {
    Tensor y = DropoutOp.of(positive(50, 40), 0.5, Philox.key(1, 2, 3), 0);
    long kept = Arrays.stream(y.toDoubles()).filter(v -> v != 0).count();
    assertThat(kept).isBetween(900L, 1100L);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> DropoutOp.of(normal(2, 2), 1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Dropout", "0 ≤ rate < 1", "1.0");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of("a third", in -> DropoutOp.of(in.get(0), 1 / 3.0, Philox.key(5, 0), 2), normal(6, 7)));
  }
}
