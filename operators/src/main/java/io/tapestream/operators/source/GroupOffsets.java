package io.tapestream.operators.source;

import io.tapestream.operators.KafkaSettings;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits as a consumer group, through a client of its own: the fetcher's consumer ends with its
 * last partition, before the last checkpoint is complete. A failed commit is logged only, since the
 * next checkpoint commits again and the job restarts from its own state.
 */
final class GroupOffsets implements OffsetCommitter {

  private static final Logger LOG = LoggerFactory.getLogger(GroupOffsets.class);
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Admin admin;
  private final String group;
  private KafkaFuture<Void> latest = KafkaFuture.completedFuture(null);

  GroupOffsets(KafkaSettings kafka, String group) {
    this.admin = Admin.create(kafka.toProperties());
    this.group = group;
  }

  @Override
  public void commit(Map<TopicPartition, Long> nextOffsets) {
    Map<TopicPartition, OffsetAndMetadata> offsets =
        nextOffsets.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> new OffsetAndMetadata(e.getValue())));
    latest =
        admin
            .alterConsumerGroupOffsets(group, offsets)
            .all()
            .whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    LOG.warn("Could not commit {} as group {}", nextOffsets, group, failure);
                  }
                });
  }

  /** A commit is several calls to the broker, and a client that closes refuses the later ones. */
  @Override
  public void close() {
    try {
      latest.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The last offsets of group {} were not committed", group, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      admin.close(Duration.ZERO);
    }
  }
}
