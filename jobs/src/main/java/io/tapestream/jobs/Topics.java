package io.tapestream.jobs;

import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.source.KafkaTopics;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** What a submission asks of the broker: partitions of topics, and topics that are missing. */
public final class Topics implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Between two questions that only differ in time. */
  private static final Executor AFTER_A_MOMENT =
      CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS);

  /** What a dead letter may hold besides the record: names, numbers, the reason in words. */
  private static final int LETTER_BYTES = 64 * 1024;

  private final KafkaSettings kafka;
  private final Admin admin;

  /** Connects when it is first asked. */
  public Topics(KafkaSettings kafka) {
    this.kafka = kafka;
    Properties properties = kafka.toProperties();
    properties.putIfAbsent(
        AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, String.valueOf(PATIENCE.toMillis()));
    properties.putIfAbsent(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
    this.admin = Admin.create(properties);
  }

  /**
   * One virtual worker for each partition of a topic; empty if there is no such topic.
   *
   * @throws SubmissionException if it is compacted, or no broker answers
   */
  public Optional<VirtualWorkers> virtualWorkers(String topic) throws SubmissionException {
    if (describe(topic).isEmpty()) {
      return Optional.empty();
    }
    try (KafkaTopics topics = KafkaTopics.of(kafka)) {
      return Optional.of(topics.virtualWorkers(List.of(topic)));
    } catch (IOException e) {
      throw new SubmissionException("topic \"" + topic + "\" can't be trained from", e);
    }
  }

  /**
   * Creates a topic with the broker's default replication unless it exists.
   *
   * @param partitions of the topic if it is created
   * @return whether it was created
   */
  public boolean createIfMissing(String topic, int partitions) throws SubmissionException {
    return createIfMissing(topic, partitions, Map.of());
  }

  /**
   * Creates the topic for the dead letters of another one unless it exists. A letter holds the
   * whole record and says what was wrong with it, so larger messages are let in than there.
   *
   * @return whether it was created
   */
  public boolean createForDeadLettersOf(String source, String topic) throws SubmissionException {
    return createIfMissing(
        topic,
        1,
        Map.of(
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
            String.valueOf(maxMessageBytes(source) + LETTER_BYTES)));
  }

  private long maxMessageBytes(String topic) throws SubmissionException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try {
      Map<ConfigResource, Config> settings = answer(admin.describeConfigs(List.of(resource)).all());
      return settings.values().stream()
          .map(topics -> topics.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG))
          .mapToLong(setting -> Long.parseLong(setting.value()))
          .max()
          .orElseThrow();
    } catch (ExecutionException e) {
      throw new SubmissionException(
          "the broker does not tell the settings of topic \"" + topic + "\"", reason(e));
    }
  }

  private boolean createIfMissing(String topic, int partitions, Map<String, String> settings)
      throws SubmissionException {
    if (describe(topic).isPresent()) {
      return false;
    }
    try {
      answer(
          admin
              .createTopics(
                  List.of(
                      new NewTopic(topic, Optional.of(partitions), Optional.empty())
                          .configs(settings)))
              .all());
      awaitLeaders(admin, topic, partitions);
      return true;
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return false; // another was faster
      }
      throw new SubmissionException(
          "topic \""
              + topic
              + "\" is missing at "
              + kafka.bootstrapServers()
              + " and can't be created; create it yourself",
          reason(e));
    }
  }

  /**
   * Waits until the leader of each partition of a new topic answers for it. Being told of a leader
   * is not enough: a producer that writes before the leader has opened the partition has its first
   * batch refused and may have its second accepted, and then no retry of the first ever is. Brokers
   * learn of a topic a moment after the controller has made it; until then it is unknown.
   *
   * @throws ExecutionException if one does not answer within the admin client's time
   */
  public static void awaitLeaders(Admin admin, String topic, int partitions)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        admin.listOffsets(ends).all().get();
        return;
      } catch (ExecutionException e) {
        boolean notYet = e.getCause() instanceof UnknownTopicOrPartitionException;
        if (!notYet || System.nanoTime() > deadline) {
          throw e;
        }
      }
      CompletableFuture.runAsync(() -> {}, AFTER_A_MOMENT).get();
    }
  }

  /**
   * Records that a topic holds: the offsets between its partitions' ends.
   *
   * @throws SubmissionException if there is no such topic, or no broker answers
   */
  public long records(String topic) throws SubmissionException {
    TopicDescription description =
        describe(topic).orElseThrow(() -> new SubmissionException("there is no topic " + topic));
    Map<TopicPartition, OffsetSpec> first = new HashMap<>();
    Map<TopicPartition, OffsetSpec> end = new HashMap<>();
    for (TopicPartitionInfo info : description.partitions()) {
      TopicPartition partition = new TopicPartition(topic, info.partition());
      first.put(partition, OffsetSpec.earliest());
      end.put(partition, OffsetSpec.latest());
    }
    try {
      return sum(answer(admin.listOffsets(end).all()))
          - sum(answer(admin.listOffsets(first).all()));
    } catch (ExecutionException e) {
      throw new SubmissionException("the broker does not tell the ends of " + topic, reason(e));
    }
  }

  private static long sum(Map<TopicPartition, ListOffsetsResultInfo> offsets) {
    return offsets.values().stream().mapToLong(ListOffsetsResultInfo::offset).sum();
  }

  private Optional<TopicDescription> describe(String topic) throws SubmissionException {
    try {
      return Optional.ofNullable(
          answer(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      if (e.getCause() instanceof TimeoutException) {
        throw new SubmissionException(
            "no Kafka broker answers at "
                + kafka.bootstrapServers()
                + " within "
                + PATIENCE.toSeconds()
                + " s; is it running, and is this its address?",
            reason(e));
      }
      throw new SubmissionException(
          "the broker at "
              + kafka.bootstrapServers()
              + " does not tell about topic \""
              + topic
              + "\"",
          reason(e));
    }
  }

  private static <T> T answer(KafkaFuture<T> future)
      throws ExecutionException, SubmissionException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static SubmissionException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new SubmissionException("interrupted while waiting for the broker", e);
  }

  private static Throwable reason(ExecutionException e) {
    return e.getCause() == null ? e : e.getCause();
  }

  /** Disconnects. */
  @Override
  public void close() {
    admin.close(Duration.ofSeconds(1));
  }
}
