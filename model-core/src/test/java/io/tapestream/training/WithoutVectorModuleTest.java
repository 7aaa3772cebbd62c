package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that is started without the Vector API's module trains all the same. */
class WithoutVectorModuleTest {
  private static final String CPU = "-Dtapestream.backend=cpu";

  @TempDir Path directory;

  @Test
  void trainingGivesTheSameBitsAndConvolutionsTheSameNumbersAndThePathIsLoggedOnce()
      throws Exception {
    ChildJvm.Written plain = ChildJvm.run(directory, ShortTraining.class, List.of(CPU));
    ChildJvm.Written vector =
        ChildJvm.run(
            directory, ShortTraining.class, List.of(CPU, "--add-modules=jdk.incubator.vector"));

    assertThat(plain.out()).hasSize(3);
    assertThat(plain.out().subList(0, 2)).isEqualTo(vector.out().subList(0, 2));
    assertThat(numbers(plain.out().get(2)))
        .containsExactly(numbers(vector.out().get(2)), within(1e-5));
    assertThat(plain.log().split("cpu backend: kernels by plain Java", -1)).hasSize(2);
    assertThat(plain.log().split("--add-modules jdk.incubator.vector", -1)).hasSize(2);
    assertThat(vector.log().split("cpu backend: kernels by ", -1)).hasSize(2);
    assertThat(vector.log()).doesNotContain("plain Java");
  }

  private static double[] numbers(String line) {
    return Arrays.stream(line.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }
}
