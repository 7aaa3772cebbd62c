package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Backends;
import io.tapestream.training.SteadyMemory.Sample;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Memory stays flat over many steps, in a JVM of its own whose heap is there from the start, so
 * that what the system counts is what training takes. {@code -Dtapestream.memory.steps=1000000}
 * takes as many small steps, and a hundredth of them large ones.
 */
class SteadyMemoryTest {
  private static final boolean SLOW = "nd4j".equals(System.getProperty(Backends.PROPERTY));
  private static final long STEPS = Long.getLong("tapestream.memory.steps", SLOW ? 4_000 : 20_000);
  private static final List<String> FLAGS =
      List.of(
          "-Xms160m",
          "-Xmx160m",
          "-XX:+AlwaysPreTouch",
          "--add-modules=jdk.incubator.vector",
          "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
  private static final long MIB = 1 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"small, 1", "large, 100"})
  void memoryStaysFlatOverManySteps(String kind, int cost) throws Exception {
    List<Sample> samples =
        ChildJvm.run(directory, SteadyMemory.class, FLAGS, kind, String.valueOf(STEPS / cost))
            .out()
            .stream()
            .map(Sample::parse)
            .toList();

    assertThat(samples.get(samples.size() - 1).step()).isEqualTo(STEPS / cost);
    assertThat(growth(samples, Sample::offHeap))
        .as("off the heap, %s", samples)
        .isLessThan(MIB / 16);
    assertThat(growth(samples, Sample::heap)).as("heap, %s", samples).isLessThan(4 * MIB);
    assertThat(growth(samples, Sample::resident)).as("resident, %s", samples).isLessThan(32 * MIB);
  }

  /** From the first half, once it is warm, to the second; the most in each. */
  private static long growth(List<Sample> samples, ToLongFunction<Sample> size) {
    int half = samples.size() / 2;
    return most(samples.subList(half, samples.size()), size) - most(samples.subList(1, half), size);
  }

  private static long most(List<Sample> samples, ToLongFunction<Sample> size) {
    return samples.stream().mapToLong(size).max().orElseThrow();
  }
}
