package io.tapestream.operators.train;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ResidualMemoryTest {

  @Test
  void residualsThatDoNotFitTheHeapAreRefusedAtStartUp() {
    int trained = 1 << 20; // 4 MiB
    assertThatCode(() -> ResidualMemory.check(7, 2, trained, 48L << 20)).doesNotThrowAnyException();
    assertThatThrownBy(() -> ResidualMemory.check(7, 2, trained, (48L << 20) - 1))
        .hasMessageContaining("of 4 partitions may need 48 MiB, the heap has 47 MiB")
        .hasMessageContaining("compression: float16");
  }
}
