package io.tapestream.parameterserver.consistency;

/**
 * Training without a bound: no virtual worker ever waits for another. Each contribution is applied
 * when it arrives, as a step of its own, to whatever the weights have become meanwhile.
 *
 * <p>Source: Recht et al., <i>Hogwild!: A Lock-Free Approach to Parallelizing Stochastic Gradient
 * Descent</i>, NIPS 2011, with the contributions of each virtual worker kept in order.
 */
public record Asynchronous() implements Consistency {

  @Override
  public boolean mayStart(long round, long closed) {
    return true;
  }

  @Override
  public boolean sumsRounds() {
    return false;
  }

  /**
   * Once for as many contributions as there are virtual workers, so that as much comes down as in
   * the other modes; and when those that remain are fewer, so that the last ones are not kept back.
   */
  @Override
  public boolean weightsLeave(long rounds, long contributions, int virtualWorkers) {
    return contributions > 0 && contributions >= virtualWorkers;
  }

  @Override
  public String toString() {
    return "asynchronous";
  }
}
