package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchNormTest extends OpContract {

  @Test
  void normalizesColumnsAndTellsTheirMoments() {
    Tensor x = Tensor.of(new double[] {1, 10, 3, 10}, 2, 2);
    Tensor mean = columns(2);
    Tensor variance = columns(2);
    Tensor y = BatchNorm.of(x, null, Tensor.of(new double[] {0, 5}), 0.01, mean, variance);

    double scale = 1 / Math.sqrt(1.01);
    assertThat(y.toDoubles()).containsExactly(new double[] {-scale, 5, scale, 5}, within(1e-12));
    assertThat(mean.toDoubles()).containsExactly(2, 10);
    assertThat(variance.toDoubles()).containsExactly(1, 0);
  }

  @Test
  void anEmptyBatchHasNoMomentsAndNoGradient() {
    Tensor x = Tensor.zeros(DType.FLOAT32, Shape.of(0, 2));
    Tensor gamma = Tensor.of(new float[] {1, 2});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(gamma);
      Tensor mean = Tensor.of(new float[] {7, 7});
      Tensor y = BatchNorm.of(x, gamma, null, 0.01, mean, Tensor.of(new float[2]));
      assertThat(y.shape()).isEqualTo(x.shape());
      assertThat(mean.toFloats()).containsOnly(7);
      assertThat(tape.gradient(Sum.of(y), List.of(gamma)).get(0).toFloats()).containsOnly(0);
    }
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(() -> BatchNorm.of(normal(2, 3), normal(4), null, 0, normal(3), normal(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("BatchNorm", "(2, 3)", "(4,)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "rows",
            in -> BatchNorm.of(in.get(0), in.get(1), in.get(2), 0.1, columns(4), columns(4)),
            normal(5, 4),
            normal(4),
            positive(4)),
        of(
            "images",
            in -> BatchNorm.of(in.get(0), in.get(1), null, 0.1, columns(3), columns(3)),
            normal(2, 2, 3, 3),
            normal(3)),
        of(
            "neither scaled nor shifted",
            in -> BatchNorm.of(in.get(0), null, null, 0.1, columns(2), columns(2)),
            normal(6, 2)));
  }

  private static Tensor columns(int k) {
    return Tensor.zeros(DType.FLOAT64, Shape.of(k));
  }
}
