package io.tapestream.parameterserver.consistency;

import java.io.Serializable;

/**
 * How far virtual workers may run apart: a pure policy, asked by the gate in the source and by the
 * parameter server alike. An implementation is an immutable record of its settings, at most one
 * number; in a specification it is named by its class, {@code Bounded(4)} as {@code bounded(4)}.
 */
public interface Consistency extends Serializable {

  /**
   * Whether a batch may be trained on, and its contribution accepted.
   *
   * @param round the round in which the batch will count
   * @param closed the number of rounds that every virtual worker has completed, as far as the
   *     weights at hand know
   */
  boolean mayStart(long round, long closed);

  /**
   * Whether the contributions of a round are summed, in the order of the virtual workers, and
   * applied together when the round closes (true), or each is applied when it arrives (false).
   */
  boolean sumsRounds();

  /**
   * Whether a block's weights leave after a message.
   *
   * @param rounds rounds that the message has closed
   * @param contributions contributions that have come since the weights left last
   * @param virtualWorkers those that have not left
   */
  boolean weightsLeave(long rounds, long contributions, int virtualWorkers);
}
