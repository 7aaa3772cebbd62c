package io.tapestream.operators.source;

import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.VirtualWorkers;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/**
 * What the broker says about the topics to train from: which partitions there are, whether they can
 * be learned from exactly once, and which offsets a policy means right now (R3, R6).
 */
public final class KafkaTopics implements TopicFacts {

  /**
   * The offsets that the broker holds of a partition.
   *
   * @param first the first one that is still there
   * @param end after the last one that may be read
   */
  record Range(long first, long end) {}

  private final Admin admin;
  private final IsolationLevel isolation;

  KafkaTopics(Admin admin, IsolationLevel isolation) {
    this.admin = admin;
    this.isolation = isolation;
  }

  /** Connects lazily: errors come with the first question. */
  public static KafkaTopics of(KafkaSettings kafka) {
    Properties properties = kafka.toProperties();
    boolean uncommitted = "read_uncommitted".equals(kafka.properties().get("isolation.level"));
    return new KafkaTopics(
        Admin.create(properties),
        uncommitted ? IsolationLevel.READ_UNCOMMITTED : IsolationLevel.READ_COMMITTED);
  }

  /**
   * The table of virtual workers for these topics as they are now.
   *
   * @throws IOException if a topic does not exist, is compacted, or the broker can't be reached
   */
  public VirtualWorkers virtualWorkers(Collection<String> topics) throws IOException {
    List<TopicPartition> partitions = new ArrayList<>();
    Map<String, String> ids = new HashMap<>();
    for (TopicDescription topic : describe(topics).values()) {
      ids.put(topic.name(), topic.topicId().toString());
      partitions.addAll(partitions(topic));
    }
    refuseCompacted(topics);
    return VirtualWorkers.of(partitions, ids);
  }

  @Override
  public List<TopicPartition> partitions(Collection<String> topics) throws IOException {
    return describe(topics).values().stream()
        .flatMap(topic -> partitions(topic).stream())
        .sorted(VirtualWorkers.ORDER)
        .toList();
  }

  private static List<TopicPartition> partitions(TopicDescription topic) {
    return topic.partitions().stream()
        .map(partition -> new TopicPartition(topic.name(), partition.partition()))
        .toList();
  }

  @Override
  public void verify(Map<String, String> topicIds) throws IOException {
    Map<String, TopicDescription> found = describe(topicIds.keySet());
    for (var expected : new TreeMap<>(topicIds).entrySet()) {
      String name = expected.getKey();
      String id = answer(found, name).topicId().toString();
      if (!id.equals(expected.getValue())) {
        throw new IOException(
            ("topic %s has id %s, but the job has read from id %s: it was deleted and created anew."
                    + " Start the job afresh, without its checkpoint; or, if it is a copy with the same"
                    + " offsets, set source.recreated to accept")
                .formatted(name, id, expected.getValue()));
      }
    }
    refuseCompacted(topicIds.keySet());
  }

  private Map<String, TopicDescription> describe(Collection<String> topics) throws IOException {
    return await("describe topics " + topics, admin.describeTopics(topics).allTopicNames());
  }

  private void refuseCompacted(Collection<String> topics) throws IOException {
    List<ConfigResource> resources =
        topics.stream().map(t -> new ConfigResource(ConfigResource.Type.TOPIC, t)).toList();
    Map<ConfigResource, Config> configs =
        await("read the settings of topics " + topics, admin.describeConfigs(resources).all());
    for (var config : configs.entrySet()) {
      String policy = config.getValue().get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
      if (policy != null && policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
        throw new IOException(
            ("topic %s is compacted (cleanup.policy=%s): a record may vanish before or after it was"
                    + " learned from, so batches can't be repeated. Train from a topic with"
                    + " cleanup.policy=delete")
                .formatted(config.getKey().name(), policy));
      }
    }
  }

  /** The offsets that the broker holds of each partition. */
  Map<TopicPartition, Range> ranges(Collection<TopicPartition> partitions) throws IOException {
    Map<TopicPartition, Long> first = first(partitions);
    Map<TopicPartition, Long> end = offsets(partitions, OffsetSpec.latest());
    return partitions.stream()
        .collect(Collectors.toMap(p -> p, p -> new Range(answer(first, p), answer(end, p))));
  }

  @Override
  public Map<TopicPartition, Long> first(Collection<TopicPartition> partitions) throws IOException {
    return offsets(partitions, OffsetSpec.earliest());
  }

  @Override
  public Map<TopicPartition, Long> starting(
      OffsetPolicy policy, Collection<TopicPartition> partitions) throws IOException {
    Map<TopicPartition, Long> starting = resolve(policy, partitions);
    Map<TopicPartition, Range> ranges = ranges(partitions);
    for (TopicPartition partition : partitions) {
      Range range = answer(ranges, partition);
      long offset = answer(starting, partition);
      if (offset < range.first() || offset > range.end()) {
        throw new IOException(outOfRange(partition, offset, range));
      }
    }
    return starting;
  }

  @Override
  public Map<TopicPartition, Long> stopping(
      OffsetPolicy policy, Collection<TopicPartition> partitions) throws IOException {
    return resolve(policy, partitions);
  }

  private Map<TopicPartition, Long> resolve(
      OffsetPolicy policy, Collection<TopicPartition> partitions) throws IOException {
    if (policy instanceof OffsetPolicy.Earliest) {
      return offsets(partitions, OffsetSpec.earliest());
    } else if (policy instanceof OffsetPolicy.Latest) {
      return offsets(partitions, OffsetSpec.latest());
    } else if (policy instanceof OffsetPolicy.Timestamp t) {
      Map<TopicPartition, Long> end = offsets(partitions, OffsetSpec.latest());
      Map<TopicPartition, Long> found =
          offsets(partitions, OffsetSpec.forTimestamp(t.epochMillis()));
      found.replaceAll((partition, offset) -> offset < 0 ? answer(end, partition) : offset);
      return found;
    } else if (policy instanceof OffsetPolicy.Committed c) {
      return named(committed(c.group(), partitions), partitions, "group " + c.group());
    } else if (policy instanceof OffsetPolicy.Explicit e) {
      return named(e.offsets(), partitions, "the list of explicit offsets");
    }
    return partitions.stream().collect(Collectors.toMap(p -> p, p -> GatedSplit.UNBOUNDED));
  }

  private static Map<TopicPartition, Long> named(
      Map<TopicPartition, Long> offsets, Collection<TopicPartition> partitions, String where)
      throws IOException {
    Map<TopicPartition, Long> all = new HashMap<>();
    for (TopicPartition partition : partitions) {
      Long offset = offsets.get(partition);
      if (offset == null) {
        throw new IOException("%s has no offset of partition %s".formatted(where, partition));
      }
      all.put(partition, offset);
    }
    return all;
  }

  private Map<TopicPartition, Long> committed(String group, Collection<TopicPartition> partitions)
      throws IOException {
    var spec = new ListConsumerGroupOffsetsSpec().topicPartitions(partitions);
    Map<TopicPartition, OffsetAndMetadata> committed =
        await(
            "read the offsets of group " + group,
            admin
                .listConsumerGroupOffsets(Map.of(group, spec))
                .partitionsToOffsetAndMetadata(group));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    committed.forEach(
        (partition, offset) -> {
          if (offset != null) {
            offsets.put(partition, offset.offset());
          }
        });
    return offsets;
  }

  private Map<TopicPartition, Long> offsets(Collection<TopicPartition> partitions, OffsetSpec spec)
      throws IOException {
    Map<TopicPartition, OffsetSpec> question =
        partitions.stream().collect(Collectors.toMap(p -> p, p -> spec));
    Map<TopicPartition, ListOffsetsResultInfo> answer =
        await(
            "list the offsets of " + partitions,
            admin.listOffsets(question, new ListOffsetsOptions(isolation)).all());
    Map<TopicPartition, Long> offsets = new HashMap<>();
    answer.forEach((partition, info) -> offsets.put(partition, info.offset()));
    return offsets;
  }

  /** Says which partition can't be read from which offset, and what is missing. */
  static String outOfRange(TopicPartition partition, long offset, Range range) {
    String gap =
        offset < range.first()
            ? "offsets %d..%d were removed before they were learned from"
                .formatted(offset, range.first() - 1)
            : "offset %d lies beyond the end".formatted(offset);
    return ("partition %s can't be read from offset %d: the broker holds offsets %d up to %d, %s."
            + " Start the job afresh from offsets that are there, or lengthen the topic's retention")
        .formatted(partition, offset, range.first(), range.end(), gap);
  }

  /** What an answer says about a key that was asked for. */
  static <K, V> V answer(Map<K, V> answer, K key) {
    V value = answer.get(key);
    if (value == null) {
      throw new IllegalStateException("the broker did not say anything about " + key);
    }
    return value;
  }

  private static <T> T await(String what, KafkaFuture<T> answer) throws IOException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw new IOException("could not %s: %s".formatted(what, e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting to " + what);
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
