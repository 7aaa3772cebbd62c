package io.tapestream.operators.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.FileEntry;
import io.tapestream.files.Manifest;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.VersionAnnouncement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaAnnouncerTest {
  @TempDir Path directory;

  @Test
  void anAnnouncementNamesTheVersionItsOriginAndItsManifest() throws Exception {
    PublishingPlan plan = TestPlan.plan(directory);
    Manifest version = published(plan);
    MockProducer<byte[], byte[]> broker =
        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());

    try (KafkaAnnouncer announcer = new KafkaAnnouncer("versions", plan.versions(), () -> broker)) {
      announcer.announce(version);
    }

    assertThat(broker.history()).hasSize(1);
    assertThat(broker.history().get(0).topic()).isEqualTo("versions");
    assertThat(broker.history().get(0).key()).asString().isEqualTo("tiny");
    VersionAnnouncement sent = AvroCodec.announcements().decode(broker.history().get(0).value());
    Path manifest = plan.versions().path(3).resolve(Manifest.FILE);
    assertThat(sent.getVersion()).isEqualTo(3);
    assertThat(sent.getRun()).isEqualTo(TestPlan.RUN);
    assertThat(sent.getCheckpoint()).isEqualTo(4);
    assertThat(sent.getRound()).isEqualTo(10);
    assertThat(Path.of(sent.getDirectory()).resolve(Manifest.FILE))
        .isEqualTo(manifest.toAbsolutePath());
    assertThat(sent.getManifestSha256()).isEqualTo(FileEntry.of(manifest).sha256());
    assertThat(sent.getCreated()).isEqualTo(version.created());
    assertThat(broker.closed()).isTrue();
  }

  @Test
  void aBrokerThatCantBeReachedIsAnErrorSoThatTheCommitIsRepeated() throws Exception {
    PublishingPlan plan = TestPlan.plan(directory);
    Manifest version = published(plan);
    MockProducer<byte[], byte[]> broker =
        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    broker.sendException = new TimeoutException("no broker in 60 s");

    try (KafkaAnnouncer announcer = new KafkaAnnouncer("versions", plan.versions(), () -> broker)) {
      assertThatThrownBy(() -> announcer.announce(version))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(
              "version 3 of tiny is published but can't be announced on topic versions")
          .hasMessageContaining("no broker in 60 s");
    }
  }

  private static Manifest published(PublishingPlan plan) throws IOException {
    Manifest version =
        Staging.pend(plan, 4, 10)
            .draft()
            .numbered(3, Instant.ofEpochMilli(1_700_000_000_000L), List.of());
    Path target = Files.createDirectories(plan.versions().path(3));
    Files.writeString(target.resolve(Manifest.FILE), version.toJson());
    return version;
  }
}
