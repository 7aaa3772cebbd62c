package io.tapestream.parameterserver.consistency;

import java.io.Serializable;

/**
 * How far virtual workers may run apart: a pure policy, asked by the gate in the source and by the
 * parameter server alike. An implementation is immutable and holds settings only.
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
}
