package io.tapestream.optimizers;

/**
 * Which update of some weights this is. The two counts differ once a round had nothing to apply.
 *
 * @param applied 1 for the first update of these weights; counts the updates that were applied
 *     (Adam's t)
 * @param round complete rounds before this one, 0 for the first: what learning-rate schedules run
 *     on. In {@code fit} a step is a round
 */
public record Step(long applied, long round) {

  /** The n-th update, from 1, of weights that every round has moved. */
  public static Step of(long n) {
    return new Step(n, n - 1);
  }
}
