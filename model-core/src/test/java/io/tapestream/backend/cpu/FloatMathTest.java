package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class FloatMathTest {
  private interface FloatFunction {
    float at(float x);
  }

  @Test
  void exponentialIsWithinTwoUnitsInTheLastPlace() {
    assertClose(FloatMath::exp, Math::exp, -86f, 88.6f, 2);
  }

  @Test
  void sigmoidIsWithinFourUnitsInTheLastPlace() {
    assertClose(FloatMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -80f, 80f, 4);
  }

  @Test
  void tanhIsWithinThreeUnitsInTheLastPlace() {
    assertClose(FloatMath::tanh, Math::tanh, -12f, 12f, 3);
  }

  @Test
  void theEndsOfTheRangeAreExact() {
    assertThat(FloatMath.exp(0f)).isEqualTo(1f);
    assertThat(FloatMath.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(FloatMath.exp(-1000f)).isZero();
    assertThat(FloatMath.exp(1000f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(FloatMath.exp(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(FloatMath.exp(Float.NaN)).isNaN();
    assertThat(FloatMath.sigmoid(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(FloatMath.sigmoid(Float.POSITIVE_INFINITY)).isEqualTo(1f);
    assertThat(FloatMath.tanh(Float.NEGATIVE_INFINITY)).isEqualTo(-1f);
    assertThat(FloatMath.tanh(Float.POSITIVE_INFINITY)).isEqualTo(1f);
    assertThat(FloatMath.tanh(-0f)).isEqualTo(-0f);
    assertThat(FloatMath.tanh(Float.NaN)).isNaN();
  }

  private static void assertClose(
      FloatFunction function, DoubleUnaryOperator exact, float from, float to, int units) {
    int steps = 200_000;
    for (int i = 0; i <= steps; i++) {
      float x = from + (to - from) * i / steps;
      double expected = exact.applyAsDouble(x);
      double error = Math.abs(function.at(x) - expected) / Math.ulp((float) expected);
      assertThat(error).as("units in the last place at %s", x).isLessThanOrEqualTo(units);
    }
  }
}
