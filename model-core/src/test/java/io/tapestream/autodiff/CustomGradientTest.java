package io.tapestream.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.CustomGradient.Result;
import io.tapestream.ops.Add;
import io.tapestream.ops.Divide;
import io.tapestream.ops.Exp;
import io.tapestream.ops.Log;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Negative;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Subtract;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class CustomGradientTest {
  private static final Tensor ONE = Tensor.of(new double[] {1});

  /** TensorFlow's example: ln(1 + eˣ), whose own gradient is NaN for large x. */
  private static Tensor log1pExp(Tensor x) {
    return CustomGradient.of(
        in -> {
          Tensor e = Exp.of(in.get(0));
          return new Result(
              Log.of(Add.of(ONE, e)),
              dy -> List.of(Multiply.of(dy, Subtract.of(ONE, Divide.of(ONE, Add.of(ONE, e))))));
        },
        x);
  }

  @Test
  void itsAuthorsGradientIsUsed() {
    Tensor large = Tensor.of(new double[] {1000});
    try (GradientTape tape = GradientTape.persistent()) {
      tape.watch(large);
      Tensor naive = Log.of(Add.of(ONE, Exp.of(large)));
      assertThat(tape.gradient(naive, large).item()).isNaN();
      assertThat(tape.gradient(log1pExp(large), large).item()).isEqualTo(1);
    }
  }

  @Test
  void whereItIsMadeOfOpsItHasGradientsItself() {
    Tensor x = Tensor.of(new double[] {0.4});
    double s = 1 / (1 + Math.exp(-0.4));
    try (GradientTape outer = new GradientTape()) {
      outer.watch(x);
      Tensor slope;
      try (GradientTape inner = new GradientTape()) {
        inner.watch(x);
        slope = inner.gradient(log1pExp(x), x);
      }
      assertThat(slope.item()).isCloseTo(s, within(1e-14));
      assertThat(outer.gradient(slope, x).item()).isCloseTo(s * (1 - s), within(1e-14));
    }
  }

  @Test
  void aGradientMayBeReversedOnItsWay() {
    Tensor x = Tensor.of(new double[] {3});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor same =
          CustomGradient.of(in -> new Result(in.get(0), dy -> List.of(Negative.of(dy))), x);
      assertThat(same.item()).isEqualTo(3);
      assertThat(tape.gradient(Scale.of(same, 5), x).item()).isEqualTo(-5);
    }
  }

  @Test
  void anErrorSaysWhichGradientDoesNotFit() {
    Tensor x = Tensor.of(new double[] {3});
    try (GradientTape tape = GradientTape.persistent()) {
      tape.watch(x);
      Tensor few = CustomGradient.of(in -> new Result(Exp.of(x), dy -> List.of()), x);
      assertThatThrownBy(() -> tape.gradient(few, x)).hasMessageContainingAll("1 inputs", "not 0");
      Tensor wide = Tensor.of(new double[2]);
      Tensor wrong = CustomGradient.of(in -> new Result(Exp.of(x), dy -> List.of(wide)), x);
      assertThatThrownBy(() -> tape.gradient(wrong, x))
          .hasMessageContainingAll("input 0", "(1,)", "(2,)");
    }
  }
}
