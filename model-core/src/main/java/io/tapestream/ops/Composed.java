package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Rule;
import io.tapestream.autodiff.UnconnectedGradients;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The form of a fused op's rule that has gradients itself: the op is computed once more, made of
 * other ops, and a tape of its own differentiates that. It costs memory and time, and only nested
 * tapes ask for it.
 */
final class Composed {
  private Composed() {}

  /**
   * The rule.
   *
   * @param composition computes the op's output from the very tensors that are its inputs
   */
  static Rule rule(Supplier<Tensor> composition, Tensor... inputs) {
    return (dy, adjoints) -> {
      List<Tensor> sources = Arrays.stream(inputs).distinct().filter(adjoints::wants).toList();
      List<@Nullable Tensor> gradients;
      try (GradientTape tape = new GradientTape()) {
        sources.forEach(tape::watch);
        Tensor y = composition.get();
        gradients = tape.gradient(List.of(y), List.of(dy), sources, UnconnectedGradients.ZERO);
      }
      for (int i = 0; i < gradients.size(); i++) {
        Tensor gradient = Objects.requireNonNull(gradients.get(i));
        adjoints.add(sources.get(i), () -> gradient);
      }
    };
  }

  /** {@code gamma · centered / √(variance + epsilon) + beta}, each of a shape that broadcasts. */
  static Tensor normalized(
      Tensor centered,
      Tensor variance,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon) {
    Tensor constant = Tensor.allocate(variance.dtype(), Shape.scalar());
    Backends.of(variance.dtype()).fill(constant, epsilon);
    Tensor y = Divide.of(centered, Sqrt.of(Add.of(variance, constant)));
    y = gamma == null ? y : Multiply.of(y, gamma);
    return beta == null ? y : Add.of(y, beta);
  }

  static Tensor activated(Activation activation, Tensor z) {
    return switch (activation) {
      case LINEAR -> z;
      case RELU -> Relu.of(z);
      case SIGMOID -> Sigmoid.of(z);
      case TANH -> Tanh.of(z);
    };
  }

  /** The k-th of so many gates that lie side by side in z (n, …). */
  static Tensor gate(Tensor z, int k, int count) {
    int units = z.dim(1) / count;
    return Slice.of(z, 1, k * units, (k + 1) * units);
  }

  /** The t-th step of a sequence (n, steps, in), as (n, in). */
  static Tensor step(Tensor x, int t) {
    return Reshape.of(Slice.of(x, 1, t, t + 1), Shape.of(x.dim(0), x.dim(2)));
  }

  /** {@code x·w + bias}, of which there may be none. */
  static Tensor affine(Tensor x, Tensor w, @Nullable Tensor bias) {
    return bias == null ? MatMul.of(x, w) : Add.of(MatMul.of(x, w), bias);
  }
}
