package io.tapestream.benchmarks.chaos;

import io.tapestream.initializers.Zeros;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Slice;
import io.tapestream.ops.Sum;
import io.tapestream.tensor.Tensor;

/**
 * A model whose weights are counters, one for each of many records. Record (r, c) is two one-hot
 * rows of {@code side} places side by side; {@code y = Σ (x_r · W) ∘ x_c}, so that {@code ∂y/∂W =
 * x_rᵀ x_c} is one-hot at (r, c). With {@code SumLoss} and descent at rate 1, weight (r, c) is the
 * number of times that this record has counted, and {@code side²} records need no more than {@code
 * 2 · side} features.
 */
public final class Ledger extends Model {

  /**
   * How large it is.
   *
   * @param side rows and columns of counters
   */
  public record Settings(int side) {}

  private final Settings settings;
  private final Dense counters;

  /** A ledger of {@code side²} counters, all zero. */
  public Ledger(Settings settings) {
    this.settings = settings;
    this.counters =
        new Dense(
            new Dense.Settings(
                settings.side(), ActivationFunction.LINEAR, false, new Zeros(), new Zeros()));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  /** x: (batch, 2 · side), to (batch, 1). */
  @Override
  protected Tensor call(Tensor x, Context context) {
    int side = settings.side();
    Tensor rows = counters.apply(Slice.of(x, 1, 0, side), context);
    return Sum.keepDims(Multiply.of(rows, Slice.of(x, 1, side, 2 * side)), 1);
  }
}
