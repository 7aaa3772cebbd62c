package io.tapestream.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EmbeddedKafkaTest {
  @Test
  void recordsOutliveARestartOnTheSamePort() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      String before = kafka.bootstrapServers();
      kafka.createTopic("letters", 2);
      send(before, "letters", "a", "b");
      kafka.stop();
      int port = Integer.parseInt(before.substring(before.indexOf(':') + 1));
      assertThatThrownBy(() -> new Socket("localhost", port).close())
          .isInstanceOf(java.net.ConnectException.class);
      kafka.restart();
      assertThat(kafka.bootstrapServers()).isEqualTo(before);
      send(before, "letters", "c");
      assertThat(read(before, new TopicPartition("letters", 1), 3)).containsExactly("a", "b", "c");
    }
  }

  @Test
  void twoBrokersStandSideBySide() throws Exception {
    try (EmbeddedKafka one = EmbeddedKafka.start();
        EmbeddedKafka two = EmbeddedKafka.start()) {
      one.createTopic("letters", 2);
      two.createTopic("letters", 2, Map.of("max.message.bytes", "8000000"));
      send(one.bootstrapServers(), "letters", "one");
      send(two.bootstrapServers(), "letters", "two");
      assertThat(read(two.bootstrapServers(), new TopicPartition("letters", 1), 1))
          .containsExactly("two");
    }
  }

  @Test
  void aTopicThatExistsIsNotMadeTwice() {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("letters", 1);
      assertThatThrownBy(() -> kafka.createTopic("letters", 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("letters")
          .hasRootCauseMessage("Topic 'letters' already exists.");
    }
  }

  private static void send(String bootstrap, String topic, String... values) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (String value : values) {
        producer
            .send(new ProducerRecord<>(topic, 1, null, value.getBytes(StandardCharsets.UTF_8)))
            .get();
      }
    }
  }

  private static List<String> read(String bootstrap, TopicPartition partition, int count) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (values.size() < count) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          values.add(new String(record.value(), StandardCharsets.UTF_8));
        }
      }
    }
    return values;
  }
}
