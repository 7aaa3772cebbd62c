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
  private final int steps;
  private final Shape state;
  private final Shape flatState;
  private final Shape gate;

  /** X by time, (steps, n, in). */
  private final Tensor sequence;

  /** The gates' values, (steps, n, 4u). */
  private final Tensor gates;

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
    int n = x.dim(0);
    int units = u.dim(0);
    this.steps = x.dim(1);
    this.state = Shape.of(n, units);
    this.flatState = Shape.of((steps - 1) * n, units);
    this.gate = Shape.of(n, 4 * units);
    this.sequence = Tensor.allocate(x.dtype(), Shape.of(steps, n, x.dim(2)));
    this.gates = Tensor.allocate(x.dtype(), Shape.of(steps, n, 4 * units));
    this.cells = Tensor.allocate(x.dtype(), Shape.of(steps, n, units));
    this.y = Tensor.allocate(x.dtype(), Shape.of(steps + 1, n, units));
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
        x.rank() == 3
            && x.dim(1) >= 1
            && u.rank() == 2
            && u.dim(1) == 4 * u.dim(0)
            && w.shape().equals(Shape.of(x.dim(2), u.dim(1)))
            && h0.shape().equals(Shape.of(x.dim(0), u.dim(0)))
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
    Shape row = state.prepend(1);
    List<Tensor> outputs = new ArrayList<>();
    Tensor h = h0;
    Tensor c = c0;
    for (int t = 0; t < steps; t++) {
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
    backend.permute(x, new int[] {1, 0, 2}, sequence, false);
    Tensor all = rows(gates);
    backend.matmul(rows(sequence), false, w, false, all, false);
    if (bias != null) {
      backend.biasActivation(all, bias, Activation.LINEAR, all);
    }
    for (int t = 0; t < steps; t++) {
      Tensor z = at(gates, t, gate);
      Tensor h = t == 0 ? h0 : at(y, t - 1, state);
      Tensor c = at(cells, t, state);
      backend.matmul(h, false, u, false, z, true);
      backend.lstmCell(z, before(t), recurrent, activation, c, at(y, t, state));
    }
    backend.copy(at(cells, steps - 1, state), at(y, steps, state));
  }

  private void backward(Tensor x, Tensor dy, Adjoints adjoints) {
    Tensor dgates = Tensor.allocate(x.dtype(), gates.shape());
    Tensor dh = Tensor.allocate(x.dtype(), state);
    Tensor dc = Tensor.allocate(x.dtype(), state);
    backend.copy(at(dy, steps, state), dc);
    for (int t = steps - 1; t >= 0; t--) {
      Tensor dz = at(dgates, t, gate);
      backend.copy(at(dy, t, state), dh);
      if (t < steps - 1) {
        backend.matmul(at(dgates, t + 1, gate), false, u, true, dh, true);
      }
      backend.lstmCellGradient(
          at(gates, t, gate), before(t), at(cells, t, state), recurrent, activation, dh, dc, dz);
    }
    Tensor first = at(dgates, 0, gate);
    Tensor all = rows(dgates);
    adjoints.add(
        w, (dw, accumulate) -> backend.matmul(rows(sequence), true, all, false, dw, accumulate));
    adjoints.add(
        u,
        (du, accumulate) -> {
          backend.matmul(h0, true, first, false, du, accumulate);
          if (steps > 1) {
            Tensor later = all.slice(gate.dim(0), all.dim(0));
            backend.matmul(y.view(0, flatState), true, later, false, du, true);
          }
        });
    if (bias != null) {
      adjoints.add(bias, (db, accumulate) -> backend.sum(1, all, db, accumulate));
    }
    adjoints.add(h0, (d, accumulate) -> backend.matmul(first, false, u, true, d, accumulate));
    adjoints.pass(c0, dc);
    adjoints.add(
        x,
        (dx, accumulate) -> {
          Tensor dsequence = Tensor.allocate(x.dtype(), sequence.shape());
          backend.matmul(all, false, w, true, rows(dsequence), false);
          backend.permute(dsequence, new int[] {1, 0, 2}, dx, accumulate);
        });
  }

  private Tensor before(int t) {
    return t == 0 ? c0 : at(cells, t - 1, state);
  }

  /** The t-th matrix of a stack. */
  static Tensor at(Tensor stack, int t, Shape matrix) {
    return stack.view(t * matrix.size(), matrix);
  }

  /** A stack of matrices as one. */
  static Tensor rows(Tensor stack) {
    int[] dims = stack.shape().dims();
    return stack.reshape(dims[0] * dims[1], dims[2]);
  }
}
