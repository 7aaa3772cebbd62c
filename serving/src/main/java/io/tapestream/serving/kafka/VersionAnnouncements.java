package io.tapestream.serving.kafka;

import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.UnreadableRecordException;
import io.tapestream.schemas.avro.VersionAnnouncement;
import io.tapestream.serving.follow.ModelFollower;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets followers look for a version as soon as it is announced, rather than at their next look.
 *
 * <pre>{@code
 * try (ModelFollower follower = ModelFollower.start(directory, "clicks", settings);
 *     VersionAnnouncements announcements =
 *         VersionAnnouncements.follow("localhost:9092", "versions", new Properties(), List.of(follower))) { … }
 * }</pre>
 *
 * <p>An announcement is a hint: what is served is what the directory holds, checked as ever, so a
 * lost, repeated or late one changes nothing but the time. If Kafka can't be reached the followers
 * still take their regular looks.
 */
public final class VersionAnnouncements implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VersionAnnouncements.class);
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final Duration FAREWELL = Duration.ofSeconds(10);

  private final Consumer<byte[], byte[]> consumer;
  private final String topic;
  private final Map<String, ModelFollower> followers;
  private final Duration pause;
  private final AvroCodec<VersionAnnouncement> codec = AvroCodec.announcements();
  private final Thread thread;

  // guarded by this
  private boolean closed;

  /**
   * Follows a topic from its end on.
   *
   * @param bootstrap brokers as {@code host:port}
   * @param properties further settings of the client, such as security
   * @param followers to be woken, each by announcements of its model
   */
  public static VersionAnnouncements follow(
      String bootstrap, String topic, Properties properties, Collection<ModelFollower> followers) {
    Properties all = new Properties();
    all.putAll(properties);
    all.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    all.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "tapestream-follower");
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    all.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
    return new VersionAnnouncements(
        new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
        topic,
        followers,
        PAUSE);
  }

  /** Takes over the consumer; tries again after this pause. */
  VersionAnnouncements(
      Consumer<byte[], byte[]> consumer,
      String topic,
      Collection<ModelFollower> followers,
      Duration pause) {
    this.consumer = consumer;
    this.topic = topic;
    this.followers =
        followers.stream().collect(Collectors.toMap(ModelFollower::model, Function.identity()));
    this.pause = pause;
    this.thread = new Thread(this::run, "announcements-" + topic);
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try (consumer) {
      while (!isClosed()) {
        try {
          listen();
        } catch (WakeupException e) {
          LOG.debug("No longer following topic {}", topic);
        } catch (RuntimeException e) { // Kafka's, or whatever else: the thread is needed
          LOG.warn(
              "Can't follow topic {}: versions are found at regular looks; trying again in {}",
              topic,
              pause,
              e);
          awaitClose();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does; the thread ends
    }
  }

  private void listen() throws InterruptedException {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    if (partitions.isEmpty()) {
      LOG.warn("Topic {} doesn't exist yet; looking again in {}", topic, pause);
      awaitClose();
      return;
    }
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    followers.values().forEach(ModelFollower::checkSoon); // what was announced until now
    while (!isClosed()) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (record.value() != null) { // a tombstone announces nothing
          read(record);
        }
      }
    }
  }

  private void read(ConsumerRecord<byte[], byte[]> record) {
    try {
      ModelFollower follower = followers.get(codec.decode(record.value()).getModel());
      if (follower != null) {
        follower.checkSoon();
      }
    } catch (UnreadableRecordException e) {
      LOG.warn(
          "{} at {}-{} offset {} is no announcement: {}",
          topic,
          record.topic(),
          record.partition(),
          record.offset(),
          e.getMessage());
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void awaitClose() throws InterruptedException {
    if (!closed) {
      TimeUnit.NANOSECONDS.timedWait(this, pause.toNanos());
    }
  }

  /** Stops listening. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    consumer.wakeup();
    try {
      thread.join(FAREWELL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
