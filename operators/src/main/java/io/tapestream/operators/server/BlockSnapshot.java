package io.tapestream.operators.server;

import io.tapestream.files.Course;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.Header;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * One block as a checkpoint holds it, on its way to being published, or a piece of one that is
 * larger than a message (R14). All blocks of one checkpoint agree on everything but {@code block},
 * {@code from}, {@code applied}, {@code courses} and {@code values}.
 *
 * @param block the block's index
 * @param from its first value's place in the flat parameter vector
 * @param checkpoint the checkpoint that cut it, or {@link #LAST}
 * @param round rounds that the values hold complete, up to the last one with a batch in it
 * @param applied updates that the optimizer has applied to the block
 * @param learned for each virtual worker the Kafka offset after the last batch that the values
 *     hold, or -1 while they hold none of its batches
 * @param report loss and metrics over the rounds since the snapshot before
 * @param records raw records that the values hold, since training began
 * @param courses how the virtual workers' batches went through the rounds; in block 0 alone, and
 *     there in the first piece
 * @param values the block's values, or those of a piece; a reference to the server's own array, to
 *     be read or serialized before the block takes its next message
 */
@SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
public record BlockSnapshot(
    int block,
    int from,
    long checkpoint,
    long round,
    long applied,
    long[] learned,
    Header report,
    long records,
    List<Course> courses,
    float[] values) {

  /** Stands for the checkpoint after the last record, whose id finish() does not know yet. */
  public static final long LAST = Long.MAX_VALUE;

  /** A whole block as it is now. */
  static BlockSnapshot of(Block block, long checkpoint) {
    return new BlockSnapshot(
        block.range().index(),
        block.range().from(),
        checkpoint,
        block.trainedRounds(),
        block.applied(),
        block.learned(),
        block.report(),
        block.records(),
        block.courses(),
        block.values());
  }

  /**
   * Hands this on, in pieces if it has more values.
   *
   * @param most values in a piece, at least 1
   */
  void cut(int most, Consumer<BlockSnapshot> push) {
    if (values.length <= most) {
      push.accept(this);
      return;
    }
    for (int first = 0; first < values.length; first += most) {
      float[] piece = Arrays.copyOfRange(values, first, Math.min(values.length, first + most));
      push.accept(
          new BlockSnapshot(
              block,
              from + first,
              checkpoint,
              round,
              applied,
              learned,
              report,
              records,
              first == 0 ? courses : List.of(),
              piece));
    }
  }
}
