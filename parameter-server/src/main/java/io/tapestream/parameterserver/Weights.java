package io.tapestream.parameterserver;

import java.util.Arrays;

/**
 * The values of one block after some round, on their way to every trainer.
 *
 * @param block the block's index
 * @param round rounds that these values hold complete
 * @param applied for each virtual worker the number of its batches that these values hold
 * @param rounds for each virtual worker the round in which its batch {@code applied} counts
 * @param busyRounds rounds up to the last one with a batch in it, as far as the block has heard;
 *     less than {@code round} while no virtual worker has anything to train on
 * @param values the block's values; a reference to the server's own array, to be read before the
 *     block takes its next message
 */
@SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
public record Weights(
    int block, long round, long[] applied, long[] rounds, long busyRounds, float[] values)
    implements Reply {

  /** Weights whose last round had a batch in it. */
  public Weights(int block, long round, long[] applied, long[] rounds, float[] values) {
    this(block, round, applied, rounds, round, values);
  }

  /** The same weights with other values, which are not copied. */
  Weights withValues(float[] newValues) {
    return new Weights(block, round, applied, rounds, busyRounds, newValues);
  }

  /** Grows whenever a round closes or a batch is applied. */
  public long progress() {
    return round + Arrays.stream(applied).sum();
  }

  /** The round in which a batch of a virtual worker will count, as far as these weights know. */
  public long roundOf(int virtualWorker, long batch) {
    return rounds[virtualWorker] + (batch - applied[virtualWorker]);
  }
}
