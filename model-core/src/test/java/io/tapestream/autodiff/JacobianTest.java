package io.tapestream.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.ops.MatMul;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Softmax;
import io.tapestream.ops.Square;
import io.tapestream.ops.Sum;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class JacobianTest {

  @Test
  void thatOfAProductIsTheOtherFactor() {
    Tensor w = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor x = Tensor.of(new double[] {7, 8}, 1, 2);
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      tape.watch(w);
      List<Tensor> jacobians = tape.jacobian(MatMul.of(x, w), List.of(x, w));
      assertThat(jacobians.get(0).shape()).isEqualTo(Shape.of(1, 3, 1, 2));
      assertThat(jacobians.get(0).toDoubles()).containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(jacobians.get(1).shape()).isEqualTo(Shape.of(1, 3, 2, 3));
      assertThat(jacobians.get(1).toDoubles())
          .containsExactly(7, 0, 0, 8, 0, 0, 0, 7, 0, 0, 8, 0, 0, 0, 7, 0, 0, 8);
    }
  }

  @Test
  void thatOfASoftmaxIsDiagonalLessOuterProduct() {
    Tensor x = Tensor.of(new double[] {0.5, -1, 2});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor p = Softmax.of(x);
      double[] jacobian = tape.jacobian(p, x).toDoubles();
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          double expected = (i == j ? p.get(i) : 0) - p.get(i) * p.get(j);
          assertThat(jacobian[3 * i + j]).isCloseTo(expected, within(1e-14));
        }
      }
    }
  }

  @Test
  void itIsDifferentiatedByAnOuterTape() {
    Tensor x = Tensor.of(new double[] {2, 3});
    try (GradientTape outer = new GradientTape()) {
      outer.watch(x);
      Tensor jacobian;
      try (GradientTape inner = new GradientTape()) {
        inner.watch(x);
        jacobian = inner.jacobian(Multiply.of(x, Square.of(x)), x); // 3x² on the diagonal
      }
      assertThat(outer.gradient(Sum.of(Square.of(jacobian)), x).toDoubles())
          .containsExactly(36 * 8, 36 * 27); // d(9x⁴)/dx
    }
  }

  @Test
  void anEmptyTargetHasNone() {
    Tensor x = Tensor.zeros(DType.FLOAT64, Shape.of(0));
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      assertThatThrownBy(() -> tape.jacobian(Square.of(x), x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("jacobian", "(0,)");
    }
  }
}
