package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A topic that is filled once and read many times.
 *
 * @param records in all partitions together
 */
record Topic(String bootstrap, String name, int partitions, long records) {

  /** Creates a topic and repeats the records on it, dealt to the partitions in turn. */
  static Topic fill(EmbeddedKafka kafka, String name, int partitions, long records, Records from)
      throws InterruptedException, ExecutionException {
    kafka.createTopic(name, partitions);
    List<byte[]> encoded = from.encoded();
    Map<String, Object> settings =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            kafka.bootstrapServers(),
            ProducerConfig.LINGER_MS_CONFIG,
            20,
            ProducerConfig.BATCH_SIZE_CONFIG,
            512 * 1024);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      Future<RecordMetadata> last = null;
      for (long i = 0; i < records; i++) {
        byte[] value = encoded.get((int) (i / partitions % encoded.size()));
        last = producer.send(new ProducerRecord<>(name, (int) (i % partitions), null, value));
      }
      producer.flush();
      if (last != null) {
        last.get(); // throws why the broker did not take it
      }
    }
    return new Topic(kafka.bootstrapServers(), name, partitions, records);
  }
}
