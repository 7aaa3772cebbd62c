package io.tapestream.operators.source;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;

/**
 * Cuts one partition's stream into mini-batches, by raw example count and nothing else.
 *
 * <pre>
 *   add(record)… ──► pending ──► hasNext(n) ──► next(n) = batch t
 *   end()                          n examples are pending, or the partition has ended
 *
 *   split() is the first pending example and t, at any time: what has not left is read again.
 *   After the batch that is last (it may be empty) the cutter has left and hasNext() stays false.
 * </pre>
 *
 * Offsets may have gaps, so examples are counted and offsets never subtracted.
 */
final class MiniBatchCutter {

  // configuration
  private final int virtualWorker;
  private final GatedSplit start;
  private final int batchSize;
  private final Residual residual;

  // runtime
  private final ArrayDeque<RawRecord> pending = new ArrayDeque<>();
  private long pendingExamples;
  private long position; // after the last record that was added
  private int skipRows; // of the first record: they left before the restore
  private long batch;
  private boolean ended;
  private boolean left;

  MiniBatchCutter(int virtualWorker, GatedSplit start, int batchSize) {
    this.virtualWorker = virtualWorker;
    this.start = start;
    this.batchSize = batchSize;
    this.residual = start.residual().copy();
    this.position = start.offset();
    this.skipRows = start.row();
    this.batch = start.batch();
    this.ended = start.isExhausted();
    this.left = start.left();
  }

  /**
   * Takes the partition's next record.
   *
   * @param rows raw examples in it; a record without any only moves the position
   */
  void add(long offset, long timestamp, byte[] value, int rows) {
    if (ended) {
      throw new IllegalStateException(start.partition() + " has ended before offset " + offset);
    }
    if (offset < position) {
      throw new IllegalStateException(
          "%s goes back from offset %d to %d".formatted(start.partition(), position, offset));
    }
    if (skipRows > 0 && (offset != start.offset() || rows <= skipRows)) {
      throw new IllegalStateException(
          ("%s must go on at row %d of offset %d, but the next record is offset %d with %d rows: the"
                  + " record was removed or replaced while the job was down")
              .formatted(start.partition(), skipRows, start.offset(), offset, rows));
    }
    if (rows > 0) {
      pending.add(new RawRecord(offset, timestamp, value, skipRows, rows));
      pendingExamples += rows - skipRows;
    }
    skipRows = 0;
    position = offset + 1;
  }

  /** Takes note that no record follows before the stopping offset. */
  void end() {
    ended = true;
    position = Math.max(position, start.stoppingOffset());
  }

  /** Whether batch {@link #batch} is complete. */
  boolean hasNext() {
    return hasNext(batchSize);
  }

  /** Whether it is complete if it is to have so many examples. */
  boolean hasNext(int examples) {
    return !left && (ended || pendingExamples >= examples);
  }

  /** Whether {@link #next} would only say that the virtual worker leaves. */
  boolean isOnlyLeaving() {
    return !left && ended && pendingExamples == 0;
  }

  /** Cuts the next full mini-batch of a virtual worker that has taken part in every round. */
  MiniBatch next() {
    return next(batchSize, batch);
  }

  /**
   * Cuts the next mini-batch; from then on {@link #split} is behind it.
   *
   * @param examples how many it is to have, if the partition has not ended before
   * @param round the round in which it counts
   */
  MiniBatch next(int examples, long round) {
    if (!hasNext(examples)) {
      throw new IllegalStateException("batch " + batch + " of " + start.partition() + " is open");
    }
    List<RawRecord> records = new ArrayList<>();
    int room = examples;
    while (room > 0 && !pending.isEmpty()) {
      RawRecord first = pending.remove();
      int rows = Math.min(room, first.examples());
      int cut = first.fromRow() + rows;
      records.add(first.rows(first.fromRow(), cut));
      if (cut < first.toRow()) {
        pending.addFirst(first.rows(cut, first.toRow()));
      }
      room -= rows;
    }
    pendingExamples -= examples - room;
    left = pending.isEmpty() && (ended || position >= start.stoppingOffset());
    var next =
        new MiniBatch(
            virtualWorker, start.partition(), batch, round, records, nextOffset(), left, residual);
    if (!records.isEmpty()) {
      batch++;
    }
    return next;
  }

  /** The virtual worker's place, as a checkpoint keeps it. */
  GatedSplit split() {
    return new GatedSplit(
        start.partition(),
        nextOffset(),
        pending.isEmpty() ? skipRows : pending.getFirst().fromRow(),
        start.stoppingOffset(),
        batch,
        left,
        residual.copy());
  }

  int batchSize() {
    return batchSize;
  }

  int virtualWorker() {
    return virtualWorker;
  }

  TopicPartition partition() {
    return start.partition();
  }

  /** t, the index of the first mini-batch that has not left. */
  long batch() {
    return batch;
  }

  boolean hasLeft() {
    return left;
  }

  boolean hasEnded() {
    return ended;
  }

  long pendingExamples() {
    return pendingExamples;
  }

  private long nextOffset() {
    return pending.isEmpty() ? position : pending.getFirst().offset();
  }
}
