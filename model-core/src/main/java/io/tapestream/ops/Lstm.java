package io.tapestream.ops;

import io.tapestream.autodiff.Adjoints;
import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
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
 * with the gates' gradients dZₜ of {@link Backend#lstmCellGradient}, backwards in time: {@code
 * dHₜ₋₁ = dYₜ₋₁ + dZₜ·Uᵀ; dX = dZ·Wᵀ; dW = Xᵀ·dZ; dU = Σ Hₜ₋₁ᵀ·dZₜ; db = Σ dZ}.
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

  /** Its gates hold A, then the gates' values. */
  private final Steps steps;

  /** C, (steps, n, u). */
  private final Tensor cells;

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
    this.steps = new Steps(x, w, u, h0);
    this.cells = Tensor.allocate(x.dtype(), steps.state.prepend(steps.count));
    this.y = Tensor.allocate(x.dtype(), steps.state.prepend(steps.count + 1));
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
    lstm.forward(x);
    return GradientTape.record(
        lstm.y,
        (dy, adjoints) -> lstm.backward(x, dy, adjoints),
        Composed.rule(() -> lstm.composed(x), inputs),
        inputs);
  }

  private Tensor composed(Tensor x) {
    Shape row = steps.state.prepend(1);
    List<Tensor> outputs = new ArrayList<>();
    Tensor h = h0;
    Tensor c = c0;
    for (int t = 0; t < steps.count; t++) {
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

  private void forward(Tensor x) {
    steps.forward(x);
    if (bias != null) {
      Tensor all = Steps.rows(steps.gates);
      backend.biasActivation(all, bias, Activation.LINEAR, all);
    }
    for (int t = 0; t < steps.count; t++) {
      Tensor z = gate(steps.gates, t);
      backend.matmul(steps.before(t, y), false, u, false, z, true);
      backend.lstmCell(z, before(t), recurrent, activation, state(cells, t), state(y, t));
    }
    backend.copy(state(cells, steps.count - 1), state(y, steps.count));
  }

  private void backward(Tensor x, Tensor dy, Adjoints adjoints) {
    Tensor dgates = Tensor.allocate(x.dtype(), steps.gates.shape());
    Tensor dh = Tensor.allocate(x.dtype(), steps.state);
    Tensor dc = Tensor.allocate(x.dtype(), steps.state);
    backend.copy(state(dy, steps.count), dc);
    for (int t = steps.count - 1; t >= 0; t--) {
      Tensor dz = gate(dgates, t);
      backend.copy(state(dy, t), dh);
      if (t < steps.count - 1) {
        backend.matmul(gate(dgates, t + 1), false, u, true, dh, true);
      }
      backend.lstmCellGradient(
          gate(steps.gates, t), before(t), state(cells, t), recurrent, activation, dh, dc, dz);
    }
    steps.addKernels(dgates, dgates, y, adjoints);
    if (bias != null) {
      adjoints.add(bias, (db, accumulate) -> backend.sum(1, Steps.rows(dgates), db, accumulate));
    }
    adjoints.add(
        h0, (d, accumulate) -> backend.matmul(gate(dgates, 0), false, u, true, d, accumulate));
    adjoints.pass(c0, dc);
    steps.addSequence(x, dgates, adjoints);
  }

  /** C before a step. */
  private Tensor before(int t) {
    return t == 0 ? c0 : state(cells, t - 1);
  }

  private Tensor gate(Tensor stack, int t) {
    return Steps.at(stack, t, steps.gate);
  }

  private Tensor state(Tensor stack, int t) {
    return Steps.at(stack, t, steps.state);
  }
}
