package io.tapestream.operators.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares where virtual workers go on with what their topic still holds (R6). */
final class HeldOffsets {

  private static final Logger LOG = LoggerFactory.getLogger(HeldOffsets.class);

  private final Supplier<TopicFacts> connect;
  private final boolean acceptLost;

  /**
   * @param connect asks the broker
   * @param acceptLost whether a virtual worker may go on with the first record that is there
   */
  HeldOffsets(Supplier<TopicFacts> connect, boolean acceptLost) {
    this.connect = connect;
    this.acceptLost = acceptLost;
  }

  /**
   * What is missing where splits go on, by partition.
   *
   * @throws LostRecordsException if anything is, and that is not accepted
   * @throws UncheckedIOException if the broker can't be asked
   */
  Map<TopicPartition, OffsetGap> gaps(List<GatedSplit> splits) {
    Map<TopicPartition, OffsetGap> gaps = new HashMap<>();
    if (splits.isEmpty()) {
      return gaps;
    }
    Map<TopicPartition, Long> first = first(splits.stream().map(GatedSplit::partition).toList());
    for (GatedSplit split : splits) {
      long there = Math.min(KafkaTopics.answer(first, split.partition()), split.stoppingOffset());
      if (split.offset() < there) {
        gaps.put(split.partition(), new OffsetGap(split.partition(), split.offset(), there));
      }
    }
    if (!gaps.isEmpty() && !acceptLost) {
      throw new LostRecordsException(List.copyOf(gaps.values()));
    }
    gaps.values().forEach(gap -> LOG.warn("Going on without {}, which the topic lost", gap));
    return gaps;
  }

  private Map<TopicPartition, Long> first(List<TopicPartition> partitions) {
    try (TopicFacts topics = connect.get()) {
      return topics.first(partitions);
    } catch (IOException e) {
      throw new UncheckedIOException("can't tell what the topic still holds", e);
    }
  }
}
