package io.tapestream.operators.source;

import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.common.TopicPartition;

/**
 * A virtual worker's place in its partition: the source's whole state (R1). A partly filled
 * mini-batch is never state; after a restore its records are read again from here. Its number is
 * not state either: the job's table gives it, which may have grown since.
 *
 * @param partition the Kafka partition it reads
 * @param offset of the first record that has not wholly left
 * @param row the first row of that record that has not left
 * @param stoppingOffset the partition ends before this offset; {@link #UNBOUNDED} for never
 * @param batch t, the index of the first mini-batch that has not left
 * @param left whether the virtual worker has sent its last mini-batch and left the rounds (R4)
 * @param residual what its gradients have left unsent
 */
public record GatedSplit(
    TopicPartition partition,
    long offset,
    int row,
    long stoppingOffset,
    long batch,
    boolean left,
    Residual residual)
    implements SourceSplit {

  /** The stopping offset of a partition that never ends. */
  public static final long UNBOUNDED = Long.MAX_VALUE;

  /** A split whose gradients have all been sent. */
  public GatedSplit(
      TopicPartition partition,
      long offset,
      int row,
      long stoppingOffset,
      long batch,
      boolean left) {
    this(partition, offset, row, stoppingOffset, batch, left, new Residual());
  }

  /** Where a virtual worker starts. */
  static GatedSplit starting(TopicPartition partition, long offset, long stop) {
    return new GatedSplit(partition, offset, 0, stop, 0, false);
  }

  /** The same batch, read from a later offset. */
  GatedSplit from(long later) {
    return new GatedSplit(partition, later, 0, stoppingOffset, batch, left, residual);
  }

  @Override
  public String splitId() {
    return KafkaPartitionSplit.toSplitId(partition);
  }

  /** Whether there is nothing left to read before the stopping offset. */
  boolean isExhausted() {
    return offset >= stoppingOffset;
  }

  /** Whether records of it are still to be read. */
  boolean isToRead() {
    return !left && !isExhausted();
  }

  KafkaPartitionSplit toKafka() {
    return new KafkaPartitionSplit(
        partition,
        offset,
        stoppingOffset == UNBOUNDED ? KafkaPartitionSplit.NO_STOPPING_OFFSET : stoppingOffset);
  }
}
