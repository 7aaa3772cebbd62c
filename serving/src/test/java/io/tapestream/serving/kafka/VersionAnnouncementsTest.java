package io.tapestream.serving.kafka;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Manifest;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.VersionAnnouncement;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@SuppressWarnings("try") // announcements act by being open
class VersionAnnouncementsTest {
  private static final String TOPIC = "versions";
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

  @TempDir Path directory;
  private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("latest");
  private long offset;

  @Test
  void anAnnouncedVersionIsServedWithoutARegularLook() throws Exception {
    consumer.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, null, null, null)));
    consumer.updateEndOffsets(Map.of(PARTITION, 0L));
    publish(directory, 1, oneFeature(1));
    try (ModelFollower follower = new SumModel().follower(directory); // looks when it is told to
        VersionAnnouncements announcements =
            new VersionAnnouncements(consumer, TOPIC, List.of(follower), PAUSE)) {
      awaits(follower, 1); // announced before anyone listened
      publish(directory, 2, oneFeature(1));
      announce("none", new byte[] {1, 2, 3});
      announce("other", announcement("other", 9));
      announce("sum", announcement("sum", 2));
      awaits(follower, 2);
      announce("sum", announcement("sum", 2)); // again
      publish(directory, 3, oneFeature(1));
      announce("sum", announcement("sum", 3));
      awaits(follower, 3);
    }
    assertThat(consumer.closed()).isTrue();
  }

  @Test
  void aBrokerThatCantBeReachedIsNoReasonToFailOrToWaitAtTheEnd() throws Exception {
    consumer.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, null, null, null)));
    consumer.updateEndOffsets(Map.of(PARTITION, 0L));
    consumer.schedulePollTask(() -> consumer.setPollException(new KafkaException("told to fail")));
    try (ModelFollower follower = new SumModel().follower(directory);
        VersionAnnouncements announcements =
            new VersionAnnouncements(consumer, TOPIC, List.of(follower), PAUSE)) {
      publish(directory, 1, oneFeature(1));
      follower.checkNow();
      assertThat(follower.predict(new float[1], 1).values()).containsExactly(1);
    }
    assertThat(consumer.closed()).isTrue();
  }

  @Test
  void aTopicThatComesLaterTombstonesAndUnexpectedFailuresDontEndTheListening() throws Exception {
    publish(directory, 1, oneFeature(1));
    try (ModelFollower follower = new SumModel().follower(directory);
        VersionAnnouncements announcements =
            new VersionAnnouncements(consumer, TOPIC, List.of(follower), PAUSE)) {
      assertThat(follower.awaitVersion(1, PAUSE.multipliedBy(5))).isEmpty();
      consumer.updateEndOffsets(Map.of(PARTITION, 0L));
      consumer.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, null, null, null)));
      awaits(follower, 1);
      announce("sum", null);
      publish(directory, 2, oneFeature(1));
      announce("sum", announcement("sum", 2));
      awaits(follower, 2);
      consumer.schedulePollTask(
          () -> {
            throw new IllegalStateException("told to fail");
          });
      publish(directory, 3, oneFeature(1));
      awaits(follower, 3); // looked for when the listening begins again
    }
    assertThat(consumer.closed()).isTrue();
  }

  private void announce(String key, byte[] value) {
    consumer.schedulePollTask(
        () ->
            consumer.addRecord(
                new ConsumerRecord<>(
                    TOPIC, 0, offset++, key.getBytes(StandardCharsets.UTF_8), value)));
  }

  private static byte[] announcement(String model, long version) {
    return AvroCodec.announcements()
        .encode(
            VersionAnnouncement.newBuilder()
                .setModel(model)
                .setVersion(version)
                .setRun("run")
                .setJob("job")
                .setCheckpoint(version)
                .setRound(1)
                .setDirectory("/somewhere")
                .setManifestSha256("0")
                .setCreated(Instant.parse("2026-11-23T08:00:00Z"))
                .build());
  }

  private static void awaits(ModelFollower follower, long version) throws Exception {
    assertThat(follower.awaitVersion(version, Duration.ofSeconds(30)))
        .map(Manifest::version)
        .hasValue(version);
  }
}
