package io.tapestream.parameterserver.consistency;

/**
 * Bulk synchronous training, the staleness bound 0: a batch of round r is trained on weights that
 * hold exactly the rounds before r, so the result is that of one large batch per round, bit for bit
 * whatever the parallelism.
 */
public record Synchronous() implements Consistency {

  @Override
  public boolean mayStart(long round, long closed) {
    return round <= closed;
  }

  @Override
  public boolean sumsRounds() {
    return true;
  }

  @Override
  public boolean weightsLeave(long rounds, long contributions, int virtualWorkers) {
    return rounds > 0;
  }

  @Override
  public String toString() {
    return "synchronous";
  }
}
