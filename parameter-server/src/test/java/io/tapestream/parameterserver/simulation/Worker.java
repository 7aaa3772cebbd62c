package io.tapestream.parameterserver.simulation;

/**
 * A virtual worker as its split remembers it.
 *
 * @param id names it for good; its index moves when another joins before it
 * @param batches the number of batches in its partition
 * @param firstRound the round in which its first batch counts
 * @param next the first batch that it has not sent
 * @param left whether it has said that it leaves
 */
record Worker(int id, long batches, long firstRound, long next, boolean left) {

  Worker sent() {
    return new Worker(id, batches, firstRound, next + 1, left);
  }

  Worker leaving() {
    return new Worker(id, batches, firstRound, next, true);
  }
}
