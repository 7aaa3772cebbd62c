package io.tapestream.operators.server;

import io.tapestream.files.Course;
import io.tapestream.parameterserver.Header;
import java.util.List;

/**
 * One block as a checkpoint holds it, on its way to being published. All blocks of one checkpoint
 * agree on everything but {@code block}, {@code from}, {@code applied} and {@code values}.
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
 * @param courses how the virtual workers' batches went through the rounds; in block 0 alone
 * @param values the block's values; a reference to the server's own array, to be read or serialized
 *     before the block takes its next message
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
}
