package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = γ ∘ X̂ + β} with {@code X̂ = (X − μ) / √(σ² + ε)}, each column by the mean and the
 * variance of its n rows; {@code dγ = Σ dY ∘ X̂; dβ = Σ dY; dX = γ / √(σ² + ε) ∘ (dY − dβ/n − X̂ ∘
 * dγ/n)}.
 *
 * <p>Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
 * internal covariate shift", 2015.
 */
public final class BatchNorm {
  private BatchNorm() {}

  /**
   * Computes Y.
   *
   * @param x (…, k)
   * @param gamma (k), or null for ones
   * @param beta (k), or null for zeros
   * @param epsilon ε ≥ 0
   * @param mean receives μ, (k); left alone if x has no rows
   * @param variance receives σ², over n and not n − 1, (k); left alone if x has no rows
   * @return y (…, k)
   */
  public static Tensor of(
      Tensor x,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor mean,
      Tensor variance) {
    check("BatchNorm", x, gamma, beta, mean, variance);
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    if (x.size() > 0) {
      backend.moments(x, mean, variance);
      backend.normalize(x, mean, variance, gamma, beta, epsilon, y);
    }
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          if (x.size() == 0) {
            return;
          }
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
              (dx, accumulate) ->
                  backend.normalizeGradient(
                      x, mean, variance, gamma, epsilon, dy, dgamma, dbeta, dx, accumulate));
        },
        Composed.rule(() -> composed(x, gamma, beta, epsilon), given(x, gamma, beta)),
        given(x, gamma, beta));
  }

  private static Tensor composed(
      Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, double epsilon) {
    int k = x.dim(-1);
    Tensor rows = Reshape.of(x, Shape.of(k == 0 ? 0 : x.size() / k, k));
    Tensor centered = Subtract.of(rows, Mean.of(rows, 0));
    Tensor variance = Mean.of(Square.of(centered), 0);
    return Reshape.of(Composed.normalized(centered, variance, gamma, beta, epsilon), x.shape());
  }

  /** One floating type; x (…, k), the others (k) where they are given. */
  static void check(String op, Tensor x, @Nullable Tensor... columns) {
    Tensor[] all = given(x, columns);
    Check.floating(op, all);
    Check.shapes(
        x.rank() >= 1
            && Arrays.stream(all)
                .skip(1)
                .allMatch(column -> column.shape().equals(Shape.of(x.dim(-1)))),
        op,
        "shapes (…, k) and (k)",
        all);
  }

  /** Those that are not null. */
  static Tensor[] given(Tensor x, @Nullable Tensor... others) {
    Tensor[] given = new Tensor[others.length + 1];
    given[0] = x;
    int n = 1;
    for (Tensor other : others) {
      if (other != null) {
        given[n++] = other;
      }
    }
    return Arrays.copyOf(given, n);
  }
}
