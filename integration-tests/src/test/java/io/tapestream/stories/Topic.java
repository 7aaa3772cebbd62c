package io.tapestream.stories;

import io.tapestream.jobs.Topics;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.schemas.ArrowExampleWriter;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A topic of a story, and what is written to it. Record i goes to partition i mod partitions, so
 * every run of a story sees the same streams.
 */
final class Topic {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final EmbeddedKafka kafka;
  private final String name;
  private final int partitions;

  private Topic(EmbeddedKafka kafka, String name, int partitions) {
    this.kafka = kafka;
    this.name = name;
    this.partitions = partitions;
  }

  /** A new, empty topic. */
  static Topic create(EmbeddedKafka kafka, int partitions) {
    return create(kafka, "story-" + NUMBER.incrementAndGet(), partitions);
  }

  /** A new, empty topic of a given name. */
  static Topic create(EmbeddedKafka kafka, String name, int partitions) {
    kafka.createTopic(name, partitions);
    return new Topic(kafka, name, partitions);
  }

  /** The same topic, to which partitions are added. */
  Topic grow(int partitions) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      admin.createPartitions(Map.of(name, NewPartitions.increaseTo(partitions))).all().get();
      Topics.awaitLeaders(admin, name, partitions);
    }
    return new Topic(kafka, name, partitions);
  }

  String name() {
    return name;
  }

  int partitions() {
    return partitions;
  }

  String bootstrap() {
    return kafka.bootstrapServers();
  }

  /** Writes examples from..to, each a record of its own in Avro. */
  void writeAvro(int from, int to, IntFunction<TrainingExample> example) {
    AvroCodec<TrainingExample> codec = AvroCodec.examples();
    write(
        records -> {
          for (int i = from; i < to; i++) {
            records.accept(i % partitions, codec.encode(example.apply(i)));
          }
        });
  }

  /** Writes those of examples from..to that belong to one partition. */
  void writeAvroTo(int partition, int from, int to, IntFunction<TrainingExample> example) {
    AvroCodec<TrainingExample> codec = AvroCodec.examples();
    write(
        records -> {
          for (int i = from; i < to; i++) {
            if (i % partitions == partition) {
              records.accept(partition, codec.encode(example.apply(i)));
            }
          }
        });
  }

  /**
   * Writes the same examples to the same partitions in the same order as {@link #writeAvro}, but up
   * to {@code rows} of them to a record, as Arrow streams.
   */
  void writeArrow(int from, int to, int rows, IntFunction<TrainingExample> example) {
    write(
        records -> {
          try (ArrowExampleWriter writer = new ArrowExampleWriter()) {
            for (int partition = 0; partition < partitions; partition++) {
              List<TrainingExample> record = new ArrayList<>();
              for (int i = from; i < to; i++) {
                if (i % partitions == partition) {
                  record.add(example.apply(i));
                  if (record.size() == rows) {
                    records.accept(partition, writer.write(record));
                    record.clear();
                  }
                }
              }
              if (!record.isEmpty()) {
                records.accept(partition, writer.write(record));
              }
            }
          }
        });
  }

  /** Writes bytes as they are. */
  void writeRaw(int partition, byte[] value) {
    write(records -> records.accept(partition, value));
  }

  /** Writes what a story gives by partition, and returns when the broker has it all. */
  private void write(Consumer<BiConsumer<Integer, byte[]>> story) {
    AtomicReference<Exception> refused = new AtomicReference<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                kafka.bootstrapServers(),
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                20_000),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      story.accept(
          (partition, value) -> {
            var unused =
                producer.send(
                    new ProducerRecord<>(name, partition, null, value),
                    (metadata, failure) -> refused.compareAndSet(null, failure));
          });
    }
    if (refused.get() != null) {
      throw new IllegalStateException("the broker refused a record", refused.get());
    }
  }

  /** Example i of a counting story: a 1 at place i, zeros elsewhere. */
  static TrainingExample oneHot(int i, int width) {
    byte[] values = new byte[width];
    values[i] = 1;
    return example(i, 0f, List.of(DenseFeatures.bytes("x", values, 1f, width)));
  }

  /** An example with a label. */
  static TrainingExample example(
      int id, float label, List<io.tapestream.schemas.avro.DenseFeature> dense) {
    return TrainingExample.newBuilder()
        .setId(Integer.toString(id))
        .setEventTime(Instant.ofEpochMilli(1_700_000_000_000L + id))
        .setDense(dense)
        .setCategorical(List.of())
        .setLabel(List.of((double) label))
        .setWeight(1f)
        .build();
  }
}
