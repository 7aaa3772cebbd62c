package io.tapestream.initializers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InitializersTest {
  /** in = 9 · 20 = 180, out = 9 · 80 = 720. */
  private static final Shape KERNEL = Shape.of(3, 3, 20, 80);

  /** Initializer, variance of its values for the kernel, largest magnitude. */
  static Stream<Arguments> initializers() {
    double truncated = 2 / 0.8796256610342398;
    return Stream.of(
        Arguments.of(new Zeros(), 0, 0),
        Arguments.of(new GlorotUniform(), 2.0 / 900, Math.sqrt(6.0 / 900)),
        Arguments.of(new GlorotNormal(), 2.0 / 900, truncated * Math.sqrt(2.0 / 900)),
        Arguments.of(new HeUniform(), 2.0 / 180, Math.sqrt(6.0 / 180)),
        Arguments.of(new HeNormal(), 2.0 / 180, truncated * Math.sqrt(2.0 / 180)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("initializers")
  void valuesHaveTheStatedSpread(Initializer initializer, double variance, double largest) {
    float[] values = initializer.values(KERNEL, 42);

    assertThat(values).hasSize(KERNEL.size());
    double mean = doubles(values).average().orElseThrow();
    double spread = doubles(values).map(v -> v * v).average().orElseThrow();
    assertThat(mean).isCloseTo(0, within(3 * Math.sqrt(variance / values.length)));
    assertThat(spread).isCloseTo(variance, within(0.03 * variance));
    assertThat(doubles(values).map(Math::abs).max().orElseThrow())
        .isBetween(0.98 * largest, largest * (1 + 1e-6));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("initializers")
  void theKeyAloneDecidesTheValues(Initializer initializer, double variance, double largest) {
    float[] values = initializer.values(KERNEL, 42);

    assertThat(initializer.values(KERNEL, 42)).isEqualTo(values);
    if (variance > 0) {
      assertThat(initializer.values(KERNEL, 43)).isNotEqualTo(values);
    }
    assertThat(Specs.read(Specs.toJson(initializer), Initializer.class)).isEqualTo(initializer);
  }

  @Test
  void everyInitializerIsCheckedHere() {
    assertThat(Families.namesOf(initializers().map(a -> (Initializer) a.get()[0])))
        .isEqualTo(Families.membersOf(Initializer.class));
  }

  private static DoubleStream doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]);
  }
}
