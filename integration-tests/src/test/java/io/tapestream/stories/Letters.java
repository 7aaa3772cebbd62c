package io.tapestream.stories;

import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.DeadLetter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The dead letters of a story. */
final class Letters {

  /** Waits for so many letters of one partition's records; by offset. */
  static Map<Long, DeadLetter> of(Topic source, int atLeast) throws Exception {
    String topic = source.name() + ".dead-letters";
    Map<Long, DeadLetter> letters = new TreeMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                source.bootstrap(),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      consumer
          .partitionsFor(topic)
          .forEach(p -> partitions.add(new TopicPartition(p.topic(), p.partition())));
      consumer.assign(partitions);
      Story.until(
          atLeast + " dead letters are on " + topic,
          () -> {
            for (var record : consumer.poll(Duration.ofMillis(200))) {
              DeadLetter letter = AvroCodec.deadLetters().decode(record.value());
              letters.put(letter.getOffset(), letter);
            }
            return letters.size() >= atLeast;
          });
    }
    return letters;
  }

  /** The record that a letter is about, byte for byte. */
  static byte[] original(DeadLetter letter) {
    ByteBuffer buffer = letter.getOriginal();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private Letters() {}
}
