package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = γ ∘ X̂ + β} with {@code X̂ = (X − μ) / √(σ² + ε)} for columns of a mean and a variance
 * that are known, as in inference; {@code dγ = Σ dY ∘ X̂; dβ = Σ dY; dX = γ / √(σ² + ε) ∘ dY}. Mean
 * and variance get no gradient.
 */
public final class Normalize {
  private Normalize() {}

  /**
   * Computes Y.
   *
   * @param x (…, k)
   * @param mean μ, (k)
   * @param variance σ², (k)
   * @param gamma (k), or null for ones
   * @param beta (k), or null for zeros
   * @param epsilon ε ≥ 0
   * @return y (…, k)
   */
  public static Tensor of(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon) {
    BatchNorm.check("Normalize", x, mean, variance, gamma, beta);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.normalize(x, mean, variance, gamma, beta, epsilon, y);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          Tensor dgamma = Tensor.allocate(x.dtype(), mean.shape());
          Tensor dbeta = Tensor.allocate(x.dtype(), mean.shape());
          backend.normalizeSums(x, mean, variance, epsilon, dy, dgamma, dbeta);
          if (gamma != null) {
            adjoints.pass(gamma, dgamma);
          }
          if (beta != null) {
            adjoints.pass(beta, dbeta);
          }
          adjoints.add(
              x,
              (dx, accumulate) -> {
                Tensor none = Tensor.zeros(x.dtype(), mean.shape());
                backend.normalizeGradient(
                    x, mean, variance, gamma, epsilon, dy, none, none, dx, accumulate);
              });
        },
        Composed.rule(
            () -> Composed.normalized(Subtract.of(x, mean), variance, gamma, beta, epsilon),
            BatchNorm.given(x, gamma, beta)),
        BatchNorm.given(x, gamma, beta));
  }
}
