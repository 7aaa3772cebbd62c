package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/**
 * {@code Y[i] = A[i]·B[i]}, or {@code A[i]·B[i]ᵀ}, a product for each matrix of a stack; {@code
 * dA[i] = dY[i]·B[i]ᵀ; dB[i] = A[i]ᵀ·dY[i]}, or {@code dA[i] = dY[i]·B[i]; dB[i] = dY[i]ᵀ·A[i]}.
 */
public final class BatchMatMul {
  private BatchMatMul() {}

  /**
   * Computes Y.
   *
   * @param a (…, m, k)
   * @param b (…, k, n) or, transposed, (…, n, k), with the same axes in front
   * @param transposeB whether B's matrices are transposed
   * @return y (…, m, n)
   */
  public static Tensor of(Tensor a, Tensor b, boolean transposeB) {
    Check.floating("BatchMatMul", a, b);
    Check.shapes(
        a.rank() >= 2
            && a.rank() == b.rank()
            && Arrays.equals(a.shape().dims(), 0, a.rank() - 2, b.shape().dims(), 0, b.rank() - 2)
            && a.dim(-1) == b.dim(transposeB ? -1 : -2),
        "BatchMatMul",
        transposeB ? "shapes (…, m, k) and (…, n, k)" : "shapes (…, m, k) and (…, k, n)",
        a,
        b);
    Tensor y = Tensor.allocate(a.dtype(), a.shape().with(-1, b.dim(transposeB ? -2 : -1)));
    each(a, false, b, transposeB, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          adjoints.add(a, (da, accumulate) -> each(dy, false, b, !transposeB, da, accumulate));
          adjoints.add(
              b,
              (db, accumulate) -> {
                if (transposeB) {
                  each(dy, true, a, false, db, accumulate);
                } else {
                  each(a, true, dy, false, db, accumulate);
                }
              });
        },
        (dy, adjoints) -> {
          adjoints.add(a, () -> of(dy, b, !transposeB));
          adjoints.add(b, () -> transposeB ? of(turned(dy), a, false) : of(turned(a), dy, false));
        },
        a,
        b);
  }

  private static void each(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor y, boolean accumulate) {
    Backend backend = Backends.of(a.dtype());
    Shape left = matrix(a);
    Shape right = matrix(b);
    Shape out = matrix(y);
    int stack = out.size() == 0 ? 0 : y.size() / out.size();
    for (int i = 0; i < stack; i++) {
      backend.matmul(
          a.view(i * left.size(), left),
          transposeA,
          b.view(i * right.size(), right),
          transposeB,
          y.view(i * out.size(), out),
          accumulate);
    }
  }

  /** Each matrix transposed. */
  private static Tensor turned(Tensor stack) {
    int[] axes = new int[stack.rank()];
    for (int axis = 0; axis < axes.length; axis++) {
      axes[axis] = axis;
    }
    axes[axes.length - 1]--;
    axes[axes.length - 2]++;
    return Transpose.of(stack, axes);
  }

  private static Shape matrix(Tensor stack) {
    return Shape.of(stack.dim(-2), stack.dim(-1));
  }
}
