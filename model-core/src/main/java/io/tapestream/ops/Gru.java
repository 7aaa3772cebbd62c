package io.tapestream.ops;

import io.tapestream.autodiff.Adjoints;
import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A gated recurrent unit over a sequence, φ and ψ its recurrent and its other activation, with the
 * reset gate after the product, so that both products are of whole matrices:
 *
 * <pre>
 * A = X·W + b₀;   Rₜ = Hₜ₋₁·U + b₁
 * (z, r)ₜ = φ(Aₜ + Rₜ);   gₜ = ψ(Aₜ + rₜ ∘ Rₜ)       each on its own columns of A and R
 * Hₜ = zₜ ∘ Hₜ₋₁ + (1 − zₜ) ∘ gₜ
 * </pre>
 *
 * with dA and dR of {@link Backend#gruCellGradient}, backwards in time: {@code dHₜ₋₁ = dYₜ₋₁ + zₜ ∘
 * dHₜ + dRₜ·Uᵀ; dX = dA·Wᵀ; dW = Xᵀ·dA; dU = Σ Hₜ₋₁ᵀ·dRₜ; db = (Σ dA, Σ dR)}.
 *
 * <p>Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
 * translation", 2014, in the form of cuDNN, which is Keras's default.
 */
public final class Gru {
  private final Backend backend;
  private final Activation recurrent;
  private final Activation activation;
  private final Tensor w;
  private final Tensor u;
  private final @Nullable Tensor bias;
  private final Tensor h0;
  private final Shape column;

  /** Its gates hold A, then the gates' values. */
  private final Steps steps;

  /** R, (steps, n, 3u). */
  private final Tensor parts;

  /** H, (steps, n, u). */
  private final Tensor y;

  private Gru(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Activation recurrent,
      Activation activation) {
    this.backend = Backends.of(x.dtype());
    this.recurrent = recurrent;
    this.activation = activation;
    this.w = w;
    this.u = u;
    this.bias = bias;
    this.h0 = h0;
    this.column = Shape.of(u.dim(1));
    this.steps = new Steps(x, w, u, h0);
    this.parts = Tensor.allocate(x.dtype(), steps.gates.shape());
    this.y = Tensor.allocate(x.dtype(), steps.state.prepend(steps.count));
  }

  /**
   * Computes Y.
   *
   * @param x (n, steps, in), at least one step
   * @param w (in, 3u), its columns those of z, r and g
   * @param u (u, 3u)
   * @param bias (2, 3u), of the input and of the recurrent part, or null for none
   * @param h0 H before the first step, (n, u)
   * @param recurrent φ
   * @param activation ψ
   * @return H by time, (steps, n, u)
   */
  public static Tensor of(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Activation recurrent,
      Activation activation) {
    Tensor[] inputs = BatchNorm.given(x, w, u, h0, bias);
    Check.floating("Gru", inputs);
    Check.shapes(
        Steps.fit(3, x, w, u, h0) && (bias == null || bias.shape().equals(Shape.of(2, u.dim(1)))),
        "Gru",
        "shapes (n, steps, in) with steps ≥ 1, (in, 3u), (u, 3u), (n, u) and (2, 3u)",
        inputs);
    Gru gru = new Gru(x, w, u, bias, h0, recurrent, activation);
    gru.forward(x);
    return GradientTape.record(
        gru.y,
        (dy, adjoints) -> gru.backward(x, dy, adjoints),
        Composed.rule(() -> gru.composed(x), inputs),
        inputs);
  }

  private Tensor composed(Tensor x) {
    Tensor inputBias = bias == null ? null : Slice.of(bias, 0, 0, 1);
    Tensor recurrentBias = bias == null ? null : Slice.of(bias, 0, 1, 2);
    List<Tensor> outputs = new ArrayList<>();
    Tensor h = h0;
    for (int t = 0; t < steps.count; t++) {
      Tensor a = Composed.affine(Composed.step(x, t), w, inputBias);
      Tensor r = Composed.affine(h, u, recurrentBias);
      Tensor sum = Add.of(a, r);
      Tensor update = Composed.activated(recurrent, Composed.gate(sum, 0, 3));
      Tensor reset = Composed.activated(recurrent, Composed.gate(sum, 1, 3));
      Tensor kept = Multiply.of(reset, Composed.gate(r, 2, 3));
      Tensor candidate = Composed.activated(activation, Add.of(Composed.gate(a, 2, 3), kept));
      h = Add.of(candidate, Multiply.of(update, Subtract.of(h, candidate)));
      outputs.add(Reshape.of(h, steps.state.prepend(1)));
    }
    return Concat.of(0, outputs);
  }

  private void forward(Tensor x) {
    steps.forward(x);
    addBias(0, Steps.rows(steps.gates));
    for (int t = 0; t < steps.count; t++) {
      Tensor part = gate(parts, t);
      Tensor before = steps.before(t, y);
      backend.matmul(before, false, u, false, part, false);
      addBias(1, part);
      backend.gruCell(
          gate(steps.gates, t), part, before, recurrent, activation, Steps.at(y, t, steps.state));
    }
  }

  private void addBias(int row, Tensor z) {
    if (bias != null) {
      backend.biasActivation(z, Steps.at(bias, row, column), Activation.LINEAR, z);
    }
  }

  private void backward(Tensor x, Tensor dy, Adjoints adjoints) {
    Tensor dgates = Tensor.allocate(x.dtype(), steps.gates.shape());
    Tensor dparts = Tensor.allocate(x.dtype(), parts.shape());
    Tensor dh = Tensor.allocate(x.dtype(), steps.state);
    dh.clear();
    for (int t = steps.count - 1; t >= 0; t--) {
      Tensor dpart = gate(dparts, t);
      backend.binary(Binary.ADD, dh, Steps.at(dy, t, steps.state), dh, false);
      backend.gruCellGradient(
          gate(steps.gates, t),
          gate(parts, t),
          steps.before(t, y),
          recurrent,
          activation,
          dh,
          gate(dgates, t),
          dpart);
      backend.matmul(dpart, false, u, true, dh, true);
    }
    steps.addKernels(dgates, dparts, y, adjoints);
    if (bias != null) {
      adjoints.add(
          bias,
          (db, accumulate) -> {
            backend.sum(1, Steps.rows(dgates), Steps.at(db, 0, column), accumulate);
            backend.sum(1, Steps.rows(dparts), Steps.at(db, 1, column), accumulate);
          });
    }
    adjoints.pass(h0, dh);
    Steps.addSequence(x, dgates, w, adjoints);
  }

  private Tensor gate(Tensor stack, int t) {
    return Steps.at(stack, t, steps.gate);
  }
}
