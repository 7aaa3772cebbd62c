package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/**
 * {@code Y = M ∘ X / (1 − rate); dX = M ∘ dY / (1 − rate)}, where the mask M keeps each element
 * with probability {@code 1 − rate}. The mask is a function of the key and of each element's row
 * and place alone, so a batch cut into pieces gets the masks of the whole.
 */
public final class DropoutOp {
  private DropoutOp() {}

  /**
   * Computes Y.
   *
   * @param x (n, …)
   * @param rate the share that is dropped, 0 ≤ rate &lt; 1
   * @param key of this layer in this step, see {@link io.tapestream.random.Philox#key}
   * @param firstRow the index in its batch of x's first row
   * @return y, of x's shape
   */
  public static Tensor of(Tensor x, double rate, long key, int firstRow) {
    Check.floating("Dropout", x);
    Check.shapes(x.rank() >= 1, "Dropout", "shape (n, …)", x);
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("Dropout expects 0 ≤ rate < 1; given " + rate);
    }
    Backend backend = Backends.of(x.dtype());
    Tensor y = Tensor.allocate(x.dtype(), x.shape());
    backend.dropout(x, rate, key, firstRow, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) ->
            adjoints.add(
                x, (dx, accumulate) -> backend.dropout(dy, rate, key, firstRow, dx, accumulate)),
        (dy, adjoints) -> adjoints.add(x, () -> DropoutOp.of(dy, rate, key, firstRow)),
        x);
  }
}
