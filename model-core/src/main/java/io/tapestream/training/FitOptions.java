package io.tapestream.training;

import io.tapestream.clipping.Clipping;
import java.util.OptionalLong;

/**
 * How {@code fit} goes through its data.
 *
 * @param batchSize examples per step; the last batch of an epoch may be smaller. Not used for data
 *     that comes in batches
 * @param epochs passes over the data
 * @param shuffleSeed the order of each epoch is drawn from it; empty keeps the order of the data
 * @param step how each step computes
 * @param clipping bounds each step's gradient
 */
public record FitOptions(
    int batchSize, int epochs, OptionalLong shuffleSeed, StepSettings step, Clipping clipping) {

  /** Checks that there are batches and epochs. */
  public FitOptions {
    if (batchSize < 1 || epochs < 1) {
      throw new IllegalArgumentException(
          "batchSize and epochs must be at least 1, got " + batchSize + " and " + epochs);
    }
  }

  /** In the data's order, on one thread. */
  public static FitOptions of(int batchSize, int epochs) {
    return new FitOptions(
        batchSize, epochs, OptionalLong.empty(), StepSettings.of(0), Clipping.NONE);
  }

  /** The same, each epoch in an order of its own. */
  public FitOptions shuffled(long seed) {
    return new FitOptions(batchSize, epochs, OptionalLong.of(seed), step, clipping);
  }

  /** The same with another step. */
  public FitOptions withStep(StepSettings newStep) {
    return new FitOptions(batchSize, epochs, shuffleSeed, newStep, clipping);
  }

  /** The same with each gradient clipped. */
  public FitOptions clipping(Clipping newClipping) {
    return new FitOptions(batchSize, epochs, shuffleSeed, step, newClipping);
  }
}
