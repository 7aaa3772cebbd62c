package io.tapestream.parameterserver.consistency;

/**
 * Stale synchronous parallel training: a batch of round r is trained on weights that hold all
 * rounds before r − s, and whatever else has come. So a virtual worker runs at most s rounds ahead
 * of the slowest, and what a slow one costs the others is spread over s rounds. Each contribution
 * is applied when it arrives, as a step of its own; the bits therefore depend on the order of
 * arrival.
 *
 * <p>Source: Ho et al., <i>More Effective Distributed ML via a Stale Synchronous Parallel Parameter
 * Server</i>, NIPS 2013.
 *
 * @param staleness s, at least 1; with 0 it would be {@link Synchronous} but for the order of
 *     adding
 */
public record Bounded(int staleness) implements Consistency {

  /** Refuses a bound under which nothing could be stale. */
  public Bounded {
    if (staleness < 1) {
      throw new IllegalArgumentException(
          "the staleness bound is %d, not at least 1; without staleness it is synchronous"
              .formatted(staleness));
    }
  }

  @Override
  public boolean mayStart(long round, long closed) {
    return round - closed <= staleness;
  }

  @Override
  public boolean sumsRounds() {
    return false;
  }

  /** When the slowest clock advances: only that can open a gate. */
  @Override
  public boolean weightsLeave(long rounds, long contributions, int virtualWorkers) {
    return rounds > 0;
  }

  @Override
  public String toString() {
    return "bounded(" + staleness + ")";
  }
}
