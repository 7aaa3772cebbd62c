package io.tapestream.operators.source;

import org.apache.kafka.common.TopicPartition;

/**
 * Offsets that a topic no longer holds.
 *
 * @param partition where they were
 * @param from the first one that is missing
 * @param to the first one after them
 */
record OffsetGap(TopicPartition partition, long from, long to) {

  /** The number of offsets; at most so many records, since some may be markers. */
  long offsets() {
    return to - from;
  }

  @Override
  public String toString() {
    return "%s offsets %d..%d (at most %d records)".formatted(partition, from, to - 1, offsets());
  }
}
