package io.tapestream.operators.deadletters;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** Puts a dead letter, bytes already, under its key into the topic. */
final class DeadLetterSerialization implements KafkaRecordSerializationSchema<DeadLetterRecord> {
  private static final long serialVersionUID = 1L;

  private final String topic;

  DeadLetterSerialization(String topic) {
    this.topic = topic;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      DeadLetterRecord letter, KafkaSinkContext context, @Nullable Long timestamp) {
    return new ProducerRecord<>(topic, letter.keyBytes(), letter.value());
  }
}
