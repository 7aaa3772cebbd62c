package io.tapestream.parameterserver;

import java.util.Arrays;
import java.util.List;

/**
 * The block has stopped, because so many batches in a row were skipped, and what it has come to is
 * about to be checkpointed.
 *
 * @param block the block's index
 * @param checkpoint the one that it is part of
 * @param skipped batches in a row
 * @param received for each virtual worker the Kafka offset after what was taken from it, -1 for
 *     nothing
 * @param provenRound the newest round whose weights have given a gradient that counted, -1 for none
 */
public record Stopped(
    int block, long checkpoint, long skipped, List<Long> received, long provenRound)
    implements Reply {

  /** Keeps a copy. */
  public Stopped {
    received = List.copyOf(received);
  }

  /** What a block tells that {@linkplain Block#isStopped has stopped}. */
  public static Stopped of(Block block, long checkpoint) {
    return new Stopped(
        block.range().index(),
        checkpoint,
        block.skippedInRow(),
        Arrays.stream(block.received()).boxed().toList(),
        block.provenRound());
  }
}
