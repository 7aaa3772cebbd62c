package io.tapestream.ops;

import io.tapestream.autodiff.Adjoints;
import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code Y = φ(Z + b); dZ = dY ∘ φ′(Y); db = Σ dZ} over the rows, in one pass each. */
public final class BiasActivation {
  private BiasActivation() {}

  /**
   * Computes Y.
   *
   * @param z (…, k)
   * @param bias (k)
   * @return y (…, k)
   */
  public static Tensor of(Tensor z, Tensor bias, Activation activation) {
    Check.floating("BiasActivation", z, bias);
    Check.shapes(
        z.rank() >= 1 && bias.rank() == 1 && bias.dim(0) == z.dim(-1),
        "BiasActivation",
        "shapes (…, k) and (k)",
        z,
        bias);
    Backend backend = Backends.of(z.dtype());
    Tensor y = Tensor.allocate(z.dtype(), z.shape());
    backend.biasActivation(z, bias, activation, y);
    return GradientTape.record(
        y,
        (dy, adjoints) -> adjoints.pass(z, backward(backend, activation, y, dy, bias, adjoints)),
        (dy, adjoints) -> adjoints.pass(z, backwardOfOps(activation, y, dy, bias, adjoints)),
        z,
        bias);
  }

  /** Adds to the bias's gradient, if there is a bias and it is wanted, and returns dz. */
  static Tensor backward(
      Backend backend,
      Activation activation,
      Tensor y,
      Tensor dy,
      @Nullable Tensor bias,
      Adjoints adjoints) {
    if (activation == Activation.LINEAR) {
      if (bias != null) {
        adjoints.add(bias, (db, accumulate) -> backend.sum(1, dy, db, accumulate));
      }
      return dy;
    }
    Tensor dz = Tensor.allocate(y.dtype(), y.shape());
    if (bias != null && adjoints.wants(bias)) {
      adjoints.add(
          bias,
          (db, accumulate) ->
              backend.biasActivationGradient(activation, y, dy, dz, db, accumulate));
    } else {
      backend.biasActivationGradient(activation, y, dy, dz, null, false);
    }
    return dz;
  }

  /** As {@link #backward}, made of ops. */
  static Tensor backwardOfOps(
      Activation activation, Tensor y, Tensor dy, @Nullable Tensor bias, Adjoints adjoints) {
    Tensor dz =
        switch (activation) {
          case LINEAR -> dy;
          case RELU -> Elementwise.constantSlope(Unary.RELU).of(dy, y, y); // y > 0 where z > 0
          case SIGMOID -> Multiply.of(dy, Subtract.of(y, Square.of(y)));
          case TANH -> Subtract.of(dy, Multiply.of(dy, Square.of(y)));
        };
    if (bias != null) {
      adjoints.add(bias, () -> Broadcast.sumTo(dz, bias.shape()));
    }
    return dz;
  }
}
