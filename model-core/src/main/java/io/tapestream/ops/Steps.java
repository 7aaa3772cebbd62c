package io.tapestream.ops;

import io.tapestream.autodiff.Adjoints;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * What recurrent ops share: the sequence by time, and those products that are of all its steps at
 * once, Aₜ the part of the gates that comes from the input and Rₜ that from the state:
 *
 * <pre>
 * A = X·W;   dW = Xᵀ·dA;   dX = dA·Wᵀ;   dU = Σ Hₜ₋₁ᵀ·dRₜ
 * </pre>
 */
final class Steps {
  final int count;

  /** Of a step: (n, u). */
  final Shape state;

  /** Of a step's gates: (n, gates · u). */
  final Shape gate;

  /** A, (steps, n, gates · u). */
  final Tensor gates;

  private final Backend backend;
  private final Tensor w;
  private final Tensor u;
  private final Tensor h0;

  /** X by time, (steps, n, in). */
  private final Tensor sequence;

  /** Takes memory; nothing is computed yet. */
  Steps(Tensor x, Tensor w, Tensor u, Tensor h0) {
    this.backend = Backends.of(x.dtype());
    this.w = w;
    this.u = u;
    this.h0 = h0;
    int n = x.dim(0);
    this.count = x.dim(1);
    this.state = Shape.of(n, u.dim(0));
    this.gate = Shape.of(n, u.dim(1));
    this.sequence = Tensor.allocate(x.dtype(), Shape.of(count, n, x.dim(2)));
    this.gates = Tensor.allocate(x.dtype(), Shape.of(count, n, u.dim(1)));
  }

  /** Whether these are a sequence of steps, kernels of so many gates, and a state. */
  static boolean fit(int gates, Tensor x, Tensor w, Tensor u, Tensor h0) {
    return x.rank() == 3
        && x.dim(1) >= 1
        && u.rank() == 2
        && u.dim(1) == gates * u.dim(0)
        && w.shape().equals(Shape.of(x.dim(2), u.dim(1)))
        && h0.shape().equals(Shape.of(x.dim(0), u.dim(0)));
  }

  /** Computes A. */
  void forward(Tensor x) {
    backend.permute(x, new int[] {1, 0, 2}, sequence, false);
    backend.matmul(rows(sequence), false, w, false, rows(gates), false);
  }

  /** H before a step. */
  Tensor before(int t, Tensor y) {
    return t == 0 ? h0 : at(y, t - 1, state);
  }

  /**
   * Adds the gradients of W and U.
   *
   * @param da of A, (steps, n, gates · u)
   * @param dr of R, likewise
   * @param y H by time, perhaps with more behind it
   */
  void addKernels(Tensor da, Tensor dr, Tensor y, Adjoints adjoints) {
    adjoints.add(
        w,
        (dw, accumulate) -> backend.matmul(rows(sequence), true, rows(da), false, dw, accumulate));
    adjoints.add(
        u,
        (du, accumulate) -> {
          backend.matmul(h0, true, at(dr, 0, gate), false, du, accumulate);
          if (count > 1) {
            int n = gate.dim(0);
            Tensor earlier = y.view(0, Shape.of((count - 1) * n, state.dim(1)));
            Tensor later = rows(dr).slice(n, count * n);
            backend.matmul(earlier, true, later, false, du, true);
          }
        });
  }

  /**
   * Adds the gradient of X.
   *
   * @param da of A, (steps, n, gates · u)
   */
  static void addSequence(Tensor x, Tensor da, Tensor w, Adjoints adjoints) {
    adjoints.add(
        x,
        (dx, accumulate) -> {
          Backend backend = Backends.of(x.dtype());
          Tensor byTime = Tensor.allocate(x.dtype(), Shape.of(x.dim(1), x.dim(0), x.dim(2)));
          backend.matmul(rows(da), false, w, true, rows(byTime), false);
          backend.permute(byTime, new int[] {1, 0, 2}, dx, accumulate);
        });
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
