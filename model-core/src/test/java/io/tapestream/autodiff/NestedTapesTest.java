package io.tapestream.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.ops.Add;
import io.tapestream.ops.Exp;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Sigmoid;
import io.tapestream.ops.Square;
import io.tapestream.ops.Sum;
import io.tapestream.ops.Tanh;
import io.tapestream.ops.Transpose;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class NestedTapesTest {

  @Test
  void anOuterTapeDifferentiatesTheGradientOfAnInnerOne() {
    Tensor x = Tensor.of(new double[] {2});
    try (GradientTape third = new GradientTape()) {
      third.watch(x);
      Tensor curvature;
      try (GradientTape second = new GradientTape()) {
        second.watch(x);
        Tensor slope;
        try (GradientTape first = new GradientTape()) {
          first.watch(x);
          slope = first.gradient(Square.of(Square.of(x)), x);
        }
        assertThat(slope.item()).isEqualTo(4 * 8);
        curvature = second.gradient(slope, x);
      }
      assertThat(curvature.item()).isEqualTo(12 * 4);
      assertThat(third.gradient(curvature, x).item()).isEqualTo(24 * 2);
    }
  }

  @Test
  void bothTapesDifferentiateTheSameOps() {
    Variable w = Variable.of("w", Tensor.of(new double[] {3}));
    try (GradientTape outer = new GradientTape();
        GradientTape inner = new GradientTape()) {
      Tensor y = Square.of(w.value());
      assertThat(inner.gradient(y, w).item()).isEqualTo(6);
      assertThat(outer.gradient(y, w).item()).isEqualTo(6);
    }
  }

  @Test
  void aGradientPenaltyIsDifferentiatedForTheWeights() {
    Tensor x = Tensor.of(new double[] {0.5, -0.2, 0.1, 0.9}, 2, 2);
    Tensor w = Tensor.of(new double[] {0.3, -0.7, 0.4, 0.2}, 2, 2);
    double[] actual = penaltyGradient(x, w);
    for (int i = 0; i < w.size(); i++) {
      double at = w.get(i);
      w.write(i, new double[] {at + 1e-5}, 0, 1);
      double above = penalty(x, w).item();
      w.write(i, new double[] {at - 1e-5}, 0, 1);
      double below = penalty(x, w).item();
      w.write(i, new double[] {at}, 0, 1);
      assertThat(actual[i]).isCloseTo((above - below) / 2e-5, within(1e-8));
    }
  }

  private static double[] penaltyGradient(Tensor x, Tensor w) {
    try (GradientTape tape = new GradientTape()) {
      tape.watch(w);
      return tape.gradient(penalty(x, w), w).toDoubles();
    }
  }

  /** ‖∂f/∂x‖², as a regularizer of a network f. */
  private static Tensor penalty(Tensor x, Tensor w) {
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor f = Sum.of(Sigmoid.of(MatMul.of(Tanh.of(MatMul.of(x, w)), w)));
      return Sum.of(Square.of(tape.gradient(f, x)));
    }
  }

  @Test
  void theHessianOfAQuadraticFormIsItsSymmetricPart() {
    Tensor a = Tensor.of(new double[] {2, 1, 5, 3}, 2, 2);
    Tensor x = Tensor.of(new double[] {1, -1}, 2, 1);
    try (GradientTape outer = new GradientTape()) {
      outer.watch(x);
      Tensor slope;
      try (GradientTape inner = new GradientTape()) {
        inner.watch(x);
        slope = inner.gradient(MatMul.of(Transpose.of(x), MatMul.of(a, x)), x);
      }
      Tensor hessian = outer.jacobian(slope, x);
      assertThat(hessian.shape().dims()).containsExactly(2, 1, 2, 1);
      assertThat(hessian.toDoubles()).containsExactly(4, 6, 6, 6);
    }
  }

  @Test
  void sharedGradientsAddUpInOpsToo() {
    Tensor x = Tensor.of(new double[] {0.3});
    try (GradientTape outer = new GradientTape()) {
      outer.watch(x);
      Tensor slope;
      try (GradientTape inner = new GradientTape()) {
        inner.watch(x);
        Tensor e = Exp.of(x);
        slope = inner.gradient(Sum.of(Add.of(Multiply.of(e, x), Add.of(e, e))), x);
      }
      assertThat(slope.item()).isCloseTo(Math.exp(0.3) * 3.3, within(1e-12));
      assertThat(outer.gradient(slope, x).item()).isCloseTo(Math.exp(0.3) * 4.3, within(1e-12));
    }
  }

  @Test
  void aSlopeThatIsConstantHasNoGradient() {
    Tensor x = Tensor.of(new double[] {2});
    try (GradientTape outer = GradientTape.persistent()) {
      outer.watch(x);
      Tensor slope;
      try (GradientTape inner = new GradientTape()) {
        inner.watch(x);
        slope = inner.gradient(Scale.of(x, 3), x);
      }
      assertThat(slope.item()).isEqualTo(3);
      List<Tensor> of = List.of(slope);
      assertThat(outer.gradient(of, List.of(x), UnconnectedGradients.NONE)).containsOnlyNulls();
      assertThat(outer.gradient(of, List.of(x), UnconnectedGradients.ZERO).get(0).item()).isZero();
    }
  }

  @Test
  void whatIsAddedToVariablesIsNotSeenByOtherTapes() {
    Variable w = Variable.of("w", Tensor.of(new double[] {3}));
    try (GradientTape outer = new GradientTape()) {
      Tensor y;
      try (GradientTape inner = new GradientTape()) {
        y = Square.of(w.value());
        inner.accumulate(y, List.of(w));
      }
      assertThat(w.gradient().item()).isEqualTo(6);
      assertThat(outer.gradient(y, w).item()).isEqualTo(6);
    }
  }

  @Test
  void tapesMayCloseInAnyOrder() {
    Tensor x = Tensor.of(new double[] {3});
    GradientTape first = new GradientTape();
    GradientTape second = new GradientTape();
    GradientTape third = new GradientTape();
    third.watch(x);
    first.watch(x);
    second.close();
    Tensor y = Square.of(x);
    third.close();
    assertThat(first.gradient(y, x).item()).isEqualTo(6);
    first.close();
    try (GradientTape fresh = new GradientTape()) {
      fresh.watch(x);
      assertThat(fresh.gradient(Square.of(x), x).item()).isEqualTo(6);
    }
  }

  @Test
  void anOpWithoutASecondDerivativeIsNamed() {
    Tensor x = Tensor.of(new double[] {3});
    try (GradientTape outer = new GradientTape()) {
      outer.watch(x);
      try (GradientTape inner = new GradientTape()) {
        inner.watch(x);
        Tensor y = KernelsOnly.of(x);
        assertThatThrownBy(() -> inner.gradient(y, x))
            .isInstanceOf(UnsupportedOperationException.class)
            .hasMessageContainingAll("KernelsOnly", "no second derivative");
      }
    }
  }

  /** An op whose rule is kernels alone. */
  private static final class KernelsOnly {
    static Tensor of(Tensor x) {
      return GradientTape.record(
          x.copy(), (dy, adjoints) -> adjoints.add(x, (dx, accumulate) -> dx.copyFrom(dy)), x);
    }
  }
}
