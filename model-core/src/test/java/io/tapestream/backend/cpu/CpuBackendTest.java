package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Backend;
import io.tapestream.backend.BackendContract;
import io.tapestream.tensor.DType;
import org.junit.jupiter.api.Test;

/** The backend as it is by default: vector kernels, OpenBLAS and oneDNN. */
class CpuBackendTest extends BackendContract {
  private static final Backend BACKEND = new CpuProvider().create();

  @Override
  protected Backend backend() {
    return BACKEND;
  }

  @Test
  void computesInSinglePrecisionOnly() {
    assertThat(BACKEND.supports(DType.FLOAT32)).isTrue();
    assertThat(BACKEND.supports(DType.FLOAT64)).isFalse();
    assertThat(BACKEND.supports(DType.INT64)).isFalse();
  }
}
