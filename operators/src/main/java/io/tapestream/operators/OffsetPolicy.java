package io.tapestream.operators;

import java.io.Serializable;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Where in each partition a job starts or stops. A policy becomes one number per partition, once,
 * in the enumerator (R6); what the broker holds afterwards never moves it.
 */
public sealed interface OffsetPolicy extends Serializable {

  /** The first record the broker still has. */
  record Earliest() implements OffsetPolicy {}

  /** After the last record that is there when the job starts. */
  record Latest() implements OffsetPolicy {}

  /**
   * The first record whose timestamp is at or after this time; the partition's end where there is
   * none.
   *
   * @param epochMillis milliseconds since 1970-01-01 UTC
   */
  record Timestamp(long epochMillis) implements OffsetPolicy {}

  /**
   * The offset a consumer group has committed; each partition must have one.
   *
   * @param group the consumer group
   */
  record Committed(String group) implements OffsetPolicy {}

  /**
   * These offsets; each partition must be named.
   *
   * @param offsets per partition
   */
  record Explicit(Map<TopicPartition, Long> offsets) implements OffsetPolicy {
    public Explicit {
      offsets = Map.copyOf(offsets);
    }
  }

  /** Never: a live stream. For stopping only. */
  record Unbounded() implements OffsetPolicy {}
}
