package io.tapestream.ops;

import io.tapestream.autodiff.Adjoints;
import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.LstmMemory;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A long short-term memory over a sequence, φ and ψ its recurrent and its other activation:
 *
 * <pre>
 * (i, f, g, o)ₜ = (φ, φ, ψ, φ)(Xₜ·W + Hₜ₋₁·U + b)
 * Cₜ = fₜ ∘ Cₜ₋₁ + iₜ ∘ gₜ;   Hₜ = oₜ ∘ ψ(Cₜ)
 * </pre>
 *
 * with the gates' gradients dZₜ of {@link Backend#lstmGradient}, backwards in time: {@code dHₜ₋₁ =
 * dYₜ₋₁ + dZₜ·Uᵀ; dX = dZ·Wᵀ; dW = Xᵀ·dZ; dU = Σ Hₜ₋₁ᵀ·dZₜ; db = Σ dZ}.
 *
 * <p>Hochreiter and Schmidhuber, "Long short-term memory", 1997; with the forget gate of Gers,
 * Schmidhuber and Cummins, 2000, and Keras's order of the gates.
 */
public final class Lstm {
  private final Backend backend;
  private final Activation recurrent;
  private final Activation activation;
  private final Tensor w;
  private final Tensor u;
  private final @Nullable Tensor bias;
  private final Tensor h0;
  private final Tensor c0;

  private final LstmMemory memory;

  /** H and, behind it, the last C, (steps + 1, n, u). */
  private final Tensor y;

  private Lstm(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Tensor c0,
      Activation recurrent,
      Activation activation) {
    this.backend = Backends.of(x.dtype());
    this.recurrent = recurrent;
    this.activation = activation;
    this.w = w;
    this.u = u;
    this.bias = bias;
    this.h0 = h0;
    this.c0 = c0;
    this.memory = LstmMemory.allocate(x.dtype(), x.dim(1), x.dim(0), x.dim(2), u.dim(0));
    this.y = Tensor.allocate(x.dtype(), h0.shape().prepend(x.dim(1) + 1));
  }

  /**
   * Computes Y.
   *
   * @param x (n, steps, in), at least one step
   * @param w (in, 4u), its columns those of i, f, g and o
   * @param u (u, 4u)
   * @param bias (4u), or null for none
   * @param h0 H before the first step, (n, u)
   * @param c0 C before the first step, (n, u)
   * @param recurrent φ
   * @param activation ψ
   * @return (steps + 1, n, u): H by time, and behind it C after the last step
   */
  public static Tensor of(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Tensor c0,
      Activation recurrent,
      Activation activation) {
    Tensor[] inputs = BatchNorm.given(x, w, u, h0, c0, bias);
    Check.floating("Lstm", inputs);
    Check.shapes(
        Steps.fit(4, x, w, u, h0)
            && c0.shape().equals(h0.shape())
            && (bias == null || bias.shape().equals(Shape.of(u.dim(1)))),
        "Lstm",
        "shapes (n, steps, in) with steps ≥ 1, (in, 4u), (u, 4u), (n, u), (n, u) and (4u)",
        inputs);
    Lstm lstm = new Lstm(x, w, u, bias, h0, c0, recurrent, activation);
    lstm.backend.lstm(x, w, u, bias, h0, c0, recurrent, activation, lstm.memory, lstm.y);
    return GradientTape.record(
        lstm.y,
        (dy, adjoints) -> lstm.backward(x, dy, adjoints),
        Composed.rule(() -> lstm.composed(x), inputs),
        inputs);
  }

  private Tensor composed(Tensor x) {
    Shape row = h0.shape().prepend(1);
    List<Tensor> outputs = new ArrayList<>();
    Tensor h = h0;
    Tensor c = c0;
    for (int t = 0; t < memory.steps(); t++) {
      Tensor z = Add.of(Composed.affine(Composed.step(x, t), w, bias), MatMul.of(h, u));
      Tensor in = Composed.activated(recurrent, Composed.gate(z, 0, 4));
      Tensor forget = Composed.activated(recurrent, Composed.gate(z, 1, 4));
      Tensor candidate = Composed.activated(activation, Composed.gate(z, 2, 4));
      Tensor out = Composed.activated(recurrent, Composed.gate(z, 3, 4));
      c = Add.of(Multiply.of(forget, c), Multiply.of(in, candidate));
      h = Multiply.of(out, Composed.activated(activation, c));
      outputs.add(Reshape.of(h, row));
    }
    outputs.add(Reshape.of(c, row));
    return Concat.of(0, outputs);
  }

  private void backward(Tensor x, Tensor dy, Adjoints adjoints) {
    Tensor dz = Tensor.allocate(x.dtype(), memory.gates().shape());
    Tensor dh0 = Tensor.allocate(x.dtype(), h0.shape());
    Tensor dc0 = Tensor.allocate(x.dtype(), c0.shape());
    Tensor dbias = bias == null ? null : Tensor.allocate(x.dtype(), bias.shape());
    backend.lstmGradient(u, c0, recurrent, activation, memory, dy, dz, dbias, dh0, dc0);
    if (bias != null && dbias != null) {
      adjoints.pass(bias, dbias);
    }
    adjoints.pass(h0, dh0);
    adjoints.pass(c0, dc0);
    if (adjoints.wants(w) || adjoints.wants(u)) {
      Tensor kernels = Tensor.allocate(x.dtype(), Shape.of(w.dim(0) + u.dim(0), u.dim(1)));
      backend.matmul(Steps.rows(memory.inputs()), true, Steps.rows(dz), false, kernels, false);
      adjoints.pass(w, kernels.slice(0, w.dim(0)));
      adjoints.pass(u, kernels.slice(w.dim(0), kernels.dim(0)));
    }
    Steps.addSequence(x, dz, w, adjoints);
  }
}
