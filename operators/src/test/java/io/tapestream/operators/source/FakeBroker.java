package io.tapestream.operators.source;

import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.VirtualWorkers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;

/** A topic, clicks, that has the same offsets in every partition; remembers what it was asked. */
final class FakeBroker implements TopicFacts {

  static final long START = 10;
  static final long STOP = 90;

  final List<OffsetPolicy> policies = new ArrayList<>();
  final List<Map<String, String>> verified = new ArrayList<>();
  final Map<TopicPartition, Long> held = new HashMap<>(); // first offsets, 0 where absent
  final Semaphore looks = new Semaphore(0); // for partitions: a permit for each
  volatile int partitions;
  IOException refusal;
  boolean closed;

  /** The table of so many partitions. */
  static VirtualWorkers table(int partitions) {
    return VirtualWorkers.of(
        IntStream.range(0, partitions).mapToObj(FakeBroker::partition).toList(),
        Map.of("clicks", "id"));
  }

  static TopicPartition partition(int partition) {
    return new TopicPartition("clicks", partition);
  }

  @Override
  public List<TopicPartition> partitions(Collection<String> topics) throws IOException {
    looks.release();
    if (refusal != null) {
      throw refusal;
    }
    return table(partitions).partitions();
  }

  @Override
  public void verify(Map<String, String> topicIds) throws IOException {
    verified.add(topicIds);
    if (refusal != null) {
      throw refusal;
    }
  }

  @Override
  public Map<TopicPartition, Long> first(Collection<TopicPartition> partitions) {
    return partitions.stream().collect(Collectors.toMap(p -> p, p -> held.getOrDefault(p, 0L)));
  }

  @Override
  public Map<TopicPartition, Long> starting(
      OffsetPolicy policy, Collection<TopicPartition> partitions) {
    return all(policy, partitions, START);
  }

  @Override
  public Map<TopicPartition, Long> stopping(
      OffsetPolicy policy, Collection<TopicPartition> partitions) {
    return all(policy, partitions, STOP);
  }

  private Map<TopicPartition, Long> all(
      OffsetPolicy policy, Collection<TopicPartition> partitions, long offset) {
    policies.add(policy);
    return partitions.stream().collect(Collectors.toMap(p -> p, p -> offset));
  }

  @Override
  public void close() {
    closed = true;
  }
}
