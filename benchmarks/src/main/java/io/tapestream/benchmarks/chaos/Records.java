package io.tapestream.benchmarks.chaos;

import io.tapestream.jobs.Topics;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.TrainingExample;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A scenario's topic. Record i goes to partition i mod partitions, so each run reads the same. */
final class Records implements AutoCloseable {
  static final String TOPIC = "chaos";

  private final Scenario scenario;
  private final String bootstrap;
  private final String topic;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AvroCodec<TrainingExample> codec = AvroCodec.examples();
  private int written;

  private Records(
      Scenario scenario, String bootstrap, String topic, KafkaProducer<byte[], byte[]> producer) {
    this.scenario = scenario;
    this.bootstrap = bootstrap;
    this.topic = topic;
    this.producer = producer;
  }

  /** An empty topic. */
  static Records create(Scenario scenario, String bootstrap) throws Exception {
    return create(scenario, bootstrap, TOPIC);
  }

  /** An empty topic of a name. */
  static Records create(Scenario scenario, String bootstrap, String topic) throws Exception {
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
      admin
          .createTopics(
              List.of(new NewTopic(topic, Optional.of(Scenario.PARTITIONS), Optional.empty())))
          .all()
          .get();
      Topics.awaitLeaders(admin, topic, Scenario.PARTITIONS);
    }
    return new Records(
        scenario,
        bootstrap,
        topic,
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true),
            new ByteArraySerializer(),
            new ByteArraySerializer()));
  }

  /** Writes the records up to number {@code end}, and returns when the broker has them. */
  void writeUpTo(int end) {
    AtomicReference<Exception> refused = new AtomicReference<>();
    for (; written < end; written++) {
      byte[] value = codec.encode(scenario.workload().example(written, scenario.records()));
      var unused =
          producer.send(
              new ProducerRecord<>(topic, written % Scenario.PARTITIONS, null, value),
              (metadata, failure) -> refused.compareAndSet(null, failure));
    }
    producer.flush();
    if (refused.get() != null) {
      throw new IllegalStateException("the broker refused a record", refused.get());
    }
  }

  /** How many have been written. */
  int written() {
    return written;
  }

  /** Waits until a broker that was started again takes records. */
  void awaitLeaders() throws Exception {
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
      Topics.awaitLeaders(admin, topic, Scenario.PARTITIONS);
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
