package io.tapestream.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.tensor.Tensor;
import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

class Nd4jRuntimeTest {

  @BeforeEach
  void onACardIfItIsNd4jForCards() {
    Optional<String> missing = CudaDevice.missing();
    assumeTrue(missing.isEmpty(), () -> missing.orElseThrow());
  }

  @Test
  void nativeCallsStayOnTheirCallersThread() {
    Nd4jRuntime.start();
    assertThat(Nd4j.getEnvironment().maxMasterThreads()).isEqualTo(1);
    assertThat(NativeOpsHolder.getInstance().getDeviceNativeOps().ompGetMaxThreads()).isEqualTo(1);
    assertThat(Nd4j.factory().blas().getMaxThreads()).isEqualTo(1);
  }

  @Test
  void nd4jRunsBesideNewerNativeLibrariesThanItsOwn() {
    Loader.load(openblas.class);
    Loader.load(dnnl.class);
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor y = Tensor.of(new float[4], 2, 2);
    new Nd4jProvider().create().matmul(x, false, x, true, y, false);
    assertThat(y.toFloats()).containsExactly(5, 11, 11, 25);
  }
}
