package io.tapestream.operators.source;

import java.util.List;
import org.apache.kafka.common.TopicPartition;

/**
 * Batch t of a virtual worker: always the same records, whatever the parallelism, failure or
 * rescale.
 *
 * @param virtualWorker the virtual worker's number
 * @param partition the Kafka partition it reads
 * @param index t, counted from 0 per virtual worker
 * @param round the round in which it counts
 * @param records the raw records, in the partition's order; empty only when the partition ended
 *     right after an earlier mini-batch
 * @param nextOffset offset of the first record that is not wholly in this or an earlier mini-batch
 * @param last whether the virtual worker leaves after it
 * @param residual the virtual worker's own, for the trainer to change
 */
public record MiniBatch(
    int virtualWorker,
    TopicPartition partition,
    long index,
    long round,
    List<RawRecord> records,
    long nextOffset,
    boolean last,
    Residual residual)
    implements Turn {

  public MiniBatch {
    records = List.copyOf(records);
    if (records.isEmpty() && !last) {
      throw new IllegalArgumentException("mini-batch " + index + " of " + partition + " is empty");
    }
  }

  /** A batch of a virtual worker that has nothing left unsent. */
  public MiniBatch(
      int virtualWorker,
      TopicPartition partition,
      long index,
      long round,
      List<RawRecord> records,
      long nextOffset,
      boolean last) {
    this(virtualWorker, partition, index, round, records, nextOffset, last, new Residual());
  }

  /** Whether it only says that the virtual worker leaves: it makes no contribution. */
  public boolean isEmpty() {
    return records.isEmpty();
  }

  /** Raw examples, before any is rejected. */
  public int examples() {
    return records.stream().mapToInt(RawRecord::examples).sum();
  }

  /** Where it comes from, for messages: {@code fashion-2 offsets 512..767 (batch 2)}. */
  public String origin() {
    return isEmpty()
        ? partition + " at its end (batch " + index + ")"
        : "%s offsets %d..%d (batch %d)"
            .formatted(
                partition,
                records.get(0).offset(),
                records.get(records.size() - 1).offset(),
                index);
  }
}
