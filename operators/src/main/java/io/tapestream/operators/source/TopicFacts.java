package io.tapestream.operators.source;

import io.tapestream.operators.OffsetPolicy;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** What the enumerator asks the broker. */
interface TopicFacts extends AutoCloseable {

  /**
   * Refuses topics that are not those the job was built or checkpointed with.
   *
   * @param topicIds by topic
   * @throws IOException if a topic is gone, is compacted, or was deleted and created anew: offsets
   *     into the old one mean nothing in it
   */
  void verify(Map<String, String> topicIds) throws IOException;

  /**
   * The partitions that topics have now, in the order of a table of virtual workers.
   *
   * @throws IOException if a topic is gone, or the broker can't be asked
   */
  List<TopicPartition> partitions(Collection<String> topics) throws IOException;

  /**
   * The first offset each partition is read from.
   *
   * @throws IOException if the policy has none for a partition, or one that the broker does not
   *     hold
   */
  Map<TopicPartition, Long> starting(OffsetPolicy policy, Collection<TopicPartition> partitions)
      throws IOException;

  /**
   * The first offset that the broker still holds of each partition.
   *
   * @throws IOException if the broker can't be asked
   */
  Map<TopicPartition, Long> first(Collection<TopicPartition> partitions) throws IOException;

  /** The offset before which each partition ends, {@link GatedSplit#UNBOUNDED} for never. */
  Map<TopicPartition, Long> stopping(OffsetPolicy policy, Collection<TopicPartition> partitions)
      throws IOException;

  @Override
  void close();
}
