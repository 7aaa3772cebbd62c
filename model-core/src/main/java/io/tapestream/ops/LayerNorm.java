package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = γ ∘ X̂ + β} with {@code X̂ = (X − μ) / √(σ² + ε)}, each row by the mean and the
 * variance of its own k elements; {@code dγ = Σ dY ∘ X̂} and {@code dβ = Σ dY} over the rows,
 * {@code dX = (G − ΣG/k − X̂ ∘ Σ(G ∘ X̂)/k) / √(σ² + ε)} with {@code G = γ ∘ dY}.
 *
 * <p>Ba, Kiros and Hinton, "Layer normalization", 2016.
 */
public final class LayerNorm {
  private LayerNorm() {}

  /**
   * Computes Y.
   *
   * @param x (…, k)
   * @param gamma (k), or null for ones
   * @param beta (k), or null for zeros
   * @param epsilon ε ≥ 0
   * @return y (…, k)
   */
  public static Tensor of(Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, double epsilon) {
    BatchNorm.check("LayerNorm", x, gamma, beta);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    Tensor mean = Tensor.allocate(x.dtype(), x.shape().with(-1, 1));
    Tensor scale = Tensor.allocate(x.dtype(), x.shape().with(-1, 1));
    if (x.size() > 0) {
      backend.normalizeRows(x, gamma, beta, epsilon, y, mean, scale);
    }
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          if (gamma != null) {
            adjoints.add(
                gamma,
                (dgamma, accumulate) ->
                    backend.normalizeRowsSums(x, mean, scale, dy, dgamma, accumulate));
          }
          if (beta != null) {
            adjoints.add(beta, (dbeta, accumulate) -> backend.sum(1, dy, dbeta, accumulate));
          }
          adjoints.add(
              x,
              (dx, accumulate) ->
                  backend.normalizeRowsGradient(x, mean, scale, gamma, dy, dx, accumulate));
        },
        Composed.rule(() -> composed(x, gamma, beta, epsilon), BatchNorm.given(x, gamma, beta)),
        BatchNorm.given(x, gamma, beta));
  }

  private static Tensor composed(
      Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, double epsilon) {
    Tensor centered = Subtract.of(x, Mean.keepDims(x, -1));
    Tensor variance = Mean.keepDims(Square.of(centered), -1);
    return Composed.normalized(centered, variance, gamma, beta, epsilon);
  }
}
