package io.tapestream.operators;

import java.io.Serializable;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * The table of virtual workers, one per Kafka partition: a virtual worker's number is its place in
 * the table, sorted by topic and then by partition number. It is resolved once, at submission, and
 * given to the source and the server alike (R3). A job that is restored with more partitions
 * numbers them anew, so that no state may hold a number.
 *
 * @param partitions the table, by virtual worker
 * @param topicIds per topic, the id by which the broker tells it from another topic of the same
 *     name
 */
public record VirtualWorkers(List<TopicPartition> partitions, Map<String, String> topicIds)
    implements Serializable {

  /** By topic, then by partition number. */
  public static final Comparator<TopicPartition> ORDER =
      Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

  /** Refuses a table that is empty, out of order, or of topics without an id. */
  public VirtualWorkers {
    partitions = List.copyOf(partitions);
    topicIds = Map.copyOf(topicIds);
    if (partitions.isEmpty()) {
      throw new IllegalArgumentException("no partition to train from");
    }
    for (int i = 0; i < partitions.size(); i++) {
      TopicPartition p = partitions.get(i);
      if (i > 0 && ORDER.compare(partitions.get(i - 1), p) >= 0) {
        throw new IllegalArgumentException(
            "virtual workers are out of order at " + p + ": sort by topic, then by partition");
      }
      if (!topicIds.containsKey(p.topic())) {
        throw new IllegalArgumentException("topic " + p.topic() + " has no topic id");
      }
    }
  }

  /** The table of these partitions, sorted. */
  public static VirtualWorkers of(
      Collection<TopicPartition> partitions, Map<String, String> topicIds) {
    return new VirtualWorkers(partitions.stream().sorted(ORDER).toList(), topicIds);
  }

  /** Virtual workers in the table. */
  public int size() {
    return partitions.size();
  }

  /** The partition that a virtual worker reads. */
  public TopicPartition partition(int virtualWorker) {
    return partitions.get(virtualWorker);
  }

  /** The virtual worker that reads a partition, or -1. */
  public int indexOf(TopicPartition partition) {
    return partitions.indexOf(partition);
  }
}
