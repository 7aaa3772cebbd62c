package io.tapestream.initializers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import java.util.List;
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
        Arguments.of(new RandomUniform(), 0.01 / 12, 0.05),
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
  void constantsAreTheSameEverywhere() {
    assertThat(new Ones().values(Shape.of(2, 2), 1)).containsExactly(1, 1, 1, 1);
    assertThat(new Constant(0.5).values(Shape.of(2), 1)).containsExactly(0.5f, 0.5f);
    assertThat(Specs.toJson(new Constant(0.5)).toString()).isEqualTo("0.5");
    assertThatThrownBy(() -> new Constant(Double.NaN)).hasMessageContaining("value must be finite");
  }

  @Test
  void uniformAndNormalNumbersLieWhereTheyAreToldTo() {
    assertThat(doubles(new RandomUniform(2, 5).values(KERNEL, 1)).summaryStatistics())
        .satisfies(
            s -> {
              assertThat(s.getMin()).isBetween(2.0, 2.01);
              assertThat(s.getMax()).isBetween(4.99, 5.0);
            });
    float[] normal = new RandomNormal(3, 0.5).values(KERNEL, 1);
    double mean = doubles(normal).average().orElseThrow();
    assertThat(mean).isCloseTo(3, within(0.02));
    assertThat(doubles(normal).map(v -> (v - 3) * (v - 3)).average().orElseThrow())
        .isCloseTo(0.25, within(0.01));
    assertThatThrownBy(() -> new RandomNormal(0, -1)).hasMessageContaining("deviation");
    assertThatThrownBy(() -> new RandomUniform(1, 0)).hasMessageContaining("minimum");
  }

  @Test
  void orthogonalVectorsHaveTheGainAsLengthAndStandAtRightAngles() {
    for (Shape shape : new Shape[] {Shape.of(5, 5), Shape.of(3, 8), Shape.of(2, 4, 3)}) {
      float[] values = new Orthogonal(2).values(shape, 9);
      int columns = shape.dim(-1);
      int rows = shape.size() / columns;
      boolean wide = columns > rows;
      for (int a = 0; a < Math.min(rows, columns); a++) {
        for (int b = 0; b <= a; b++) {
          double dot = 0;
          for (int i = 0; i < Math.max(rows, columns); i++) {
            dot +=
                wide
                    ? values[a * columns + i] * values[b * columns + i]
                    : values[i * columns + a] * values[i * columns + b];
          }
          assertThat(dot).as("%s %d %d", shape, a, b).isCloseTo(a == b ? 4 : 0, within(1e-6));
        }
      }
    }
    assertThatThrownBy(() -> new Orthogonal().values(Shape.of(3), 1))
        .hasMessageContaining("at least two axes");
  }

  @Test
  void everyInitializerIsCheckedHere() {
    List<Initializer> others =
        List.of(new Ones(), new Constant(1), new RandomNormal(), new Orthogonal());
    for (Initializer other : others) {
      assertThat(Specs.read(Specs.toJson(other), Initializer.class)).isEqualTo(other);
    }
    assertThat(
            Families.namesOf(
                Stream.concat(initializers().map(a -> (Initializer) a.get()[0]), others.stream())))
        .isEqualTo(Families.membersOf(Initializer.class));
  }

  private static DoubleStream doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]);
  }
}
