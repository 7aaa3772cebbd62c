package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class NormalizeTest extends OpContract {
  private final Tensor mean = normal(4);
  private final Tensor variance = positive(4);

  @Test
  void usesTheMomentsItIsGiven() {
    Tensor x = Tensor.of(new double[] {5, 7}, 2, 1);
    Tensor y =
        Normalize.of(x, Tensor.of(new double[] {1}), Tensor.of(new double[] {4}), null, null, 0);
    assertThat(y.toDoubles()).containsExactly(new double[] {2, 3}, within(1e-12));
  }

  @Override
  List<Case> cases() {
    return List.of(
        of(
            "scaled and shifted",
            in -> Normalize.of(in.get(0), mean, variance, in.get(1), in.get(2), 0.1),
            normal(5, 4),
            normal(4),
            positive(4)),
        of(
            "neither",
            in -> Normalize.of(in.get(0), mean, variance, null, null, 0.1),
            normal(2, 3, 4)));
  }
}
