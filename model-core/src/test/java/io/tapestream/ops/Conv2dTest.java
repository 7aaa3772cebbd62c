package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Padding;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class Conv2dTest extends OpContract {

  @Test
  void correlatesImagesWithFilters() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 1, 2, 2, 1);
    Tensor filter = Tensor.of(new double[] {1, 0, 0, 1}, 2, 2, 1, 1);
    assertThat(
            Conv2d.of(x, filter, Tensor.of(new double[] {10}), Activation.RELU, 1, 1, Padding.VALID)
                .toDoubles())
        .containsExactly(15);
  }

  @Test
  void anErrorNamesTheOpAndTheShapes() {
    assertThatThrownBy(
            () ->
                Conv2d.of(
                    normal(2, 4, 4, 3),
                    normal(3, 3, 2, 8),
                    null,
                    Activation.RELU,
                    1,
                    1,
                    Padding.SAME))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Conv2d", "(2, 4, 4, 3)", "(3, 3, 2, 8)");
    assertThatThrownBy(
            () ->
                Conv2d.of(
                    normal(2, 4, 4, 0),
                    normal(3, 3, 0, 8),
                    null,
                    Activation.RELU,
                    1,
                    1,
                    Padding.SAME))
        .hasMessageContainingAll("Conv2d", "at least one channel", "(2, 4, 4, 0)");
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "LINEAR",
            in ->
                Conv2d.of(in.get(0), in.get(1), in.get(2), Activation.LINEAR, 1, 1, Padding.VALID),
            normal(2, 4, 5, 2),
            normal(3, 2, 2, 3),
            normal(3)),
        of(
            "RELU",
            in -> Conv2d.of(in.get(0), in.get(1), in.get(2), Activation.RELU, 1, 1, Padding.VALID),
            normal(2, 4, 5, 2),
            normal(3, 2, 2, 3),
            normal(3)),
        of(
            "SIGMOID",
            in ->
                Conv2d.of(in.get(0), in.get(1), in.get(2), Activation.SIGMOID, 1, 1, Padding.VALID),
            normal(2, 4, 5, 2),
            normal(3, 2, 2, 3),
            normal(3)),
        of(
            "TANH",
            in -> Conv2d.of(in.get(0), in.get(1), in.get(2), Activation.TANH, 1, 1, Padding.VALID),
            normal(2, 4, 5, 2),
            normal(3, 2, 2, 3),
            normal(3)),
        of(
            "same border, strides",
            in -> Conv2d.of(in.get(0), in.get(1), null, Activation.LINEAR, 2, 3, Padding.SAME),
            normal(1, 5, 6, 2),
            normal(3, 4, 2, 2)));
  }
}
