package io.tapestream.operators.publish;

import io.tapestream.files.FileEntry;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.VersionAnnouncement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Announces versions on a Kafka topic as Avro {@link VersionAnnouncement}s, keyed by the model's
 * name.
 */
final class KafkaAnnouncer implements Announcer {
  private final String topic;
  private final VersionDirectory versions;
  private final Supplier<Producer<byte[], byte[]>> connect;
  private final AvroCodec<VersionAnnouncement> codec = AvroCodec.announcements();

  private @Nullable Producer<byte[], byte[]> producer;

  /** Announces versions of {@code versions} on {@code topic}; connects with the first. */
  KafkaAnnouncer(KafkaSettings kafka, String topic, VersionDirectory versions) {
    this(topic, versions, () -> connect(kafka));
  }

  KafkaAnnouncer(
      String topic, VersionDirectory versions, Supplier<Producer<byte[], byte[]>> connect) {
    this.topic = topic;
    this.versions = versions;
    this.connect = connect;
  }

  private static Producer<byte[], byte[]> connect(KafkaSettings kafka) {
    Properties properties = kafka.toProperties();
    properties.putIfAbsent(ProducerConfig.CLIENT_ID_CONFIG, "tapestream-announcer");
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public void announce(Manifest version) throws IOException, InterruptedException {
    Path directory = versions.path(version.version()).toAbsolutePath();
    VersionAnnouncement announcement =
        VersionAnnouncement.newBuilder()
            .setModel(version.model())
            .setVersion(version.version())
            .setRun(version.run())
            .setJob(version.job())
            .setCheckpoint(version.checkpoint())
            .setRound(version.round())
            .setDirectory(directory.toString())
            .setManifestSha256(FileEntry.of(directory.resolve(Manifest.FILE)).sha256())
            .setCreated(version.created())
            .build();
    byte[] key = version.model().getBytes(StandardCharsets.UTF_8);
    try {
      var unused =
          producer().send(new ProducerRecord<>(topic, key, codec.encode(announcement))).get();
    } catch (ExecutionException | KafkaException e) {
      throw new IOException(
          "version "
              + version.version()
              + " of "
              + version.model()
              + " is published but can't be announced on topic "
              + topic
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private Producer<byte[], byte[]> producer() {
    if (producer == null) {
      producer = connect.get();
    }
    return producer;
  }

  @Override
  public void close() {
    if (producer != null) {
      producer.close();
    }
  }
}
