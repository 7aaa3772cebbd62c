package io.tapestream.parameterserver.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * A virtual worker as its split remembers it, and what the protocol does not get to see: in which
 * round each of its batches counted.
 *
 * @param id names it for good; its index moves when another joins before it
 * @param batches the number of batches in its partition
 * @param counted for each batch that it has sent the round in which it counts
 * @param round its next round
 * @param left whether it has said that it leaves
 */
record Worker(int id, long batches, List<Long> counted, long round, boolean left) {

  Worker {
    counted = List.copyOf(counted);
  }

  /** One that has done nothing yet. */
  static Worker fresh(int id, long batches, long firstRound) {
    return new Worker(id, batches, List.of(), firstRound, false);
  }

  /** The first batch that it has not sent. */
  long next() {
    return counted.size();
  }

  boolean hasBatch() {
    return next() < batches;
  }

  Worker sent() {
    List<Long> more = new ArrayList<>(counted);
    more.add(round);
    return new Worker(id, batches, more, round + 1, left);
  }

  Worker skipped() {
    return new Worker(id, batches, counted, round + 1, left);
  }

  Worker leaving() {
    return new Worker(id, batches, counted, round, true);
  }

  /** The batches that it has sent for rounds before {@code round}. */
  long sentBefore(long round) {
    return counted.stream().filter(r -> r < round).count();
  }

  /** The offset after its last batch, -1 before the first. */
  long offset() {
    return next() == 0 ? -1 : next();
  }
}
