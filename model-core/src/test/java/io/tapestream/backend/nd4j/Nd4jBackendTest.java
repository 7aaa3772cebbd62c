package io.tapestream.backend.nd4j;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.backend.Backend;
import io.tapestream.backend.BackendContract;
import io.tapestream.tensor.DType;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;

class Nd4jBackendTest extends BackendContract {

  /** Made when it is first asked for: not where it would need a card that is not there. */
  private static final class Made {
    static final Backend BACKEND = new Nd4jProvider().create();
  }

  @BeforeEach
  void onACardIfItIsNd4jForCards() {
    Optional<String> missing = CudaDevice.missing();
    assumeTrue(missing.isEmpty(), () -> missing.orElseThrow());
  }

  /** Known without asking it. */
  @Override
  protected Stream<DType> types() {
    return Stream.of(DType.FLOAT32, DType.FLOAT64);
  }

  @Override
  protected Backend backend() {
    return Made.BACKEND;
  }
}
