package io.tapestream.operators.source;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Tells Kafka how far each partition has been learned, for whoever monitors the group's lag. */
interface OffsetCommitter extends AutoCloseable {

  /**
   * Starts to commit, without waiting.
   *
   * @param nextOffsets per partition, the first offset that has not wholly been learned
   */
  void commit(Map<TopicPartition, Long> nextOffsets);

  /** Waits a short time for what has been started. */
  @Override
  void close();
}
