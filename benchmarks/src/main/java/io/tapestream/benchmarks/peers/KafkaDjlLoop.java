package io.tapestream.benchmarks.peers;

import io.tapestream.benchmarks.Interleaved.Step;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.UnreadableRecordException;
import io.tapestream.schemas.avro.TrainingExample;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What one writes by hand: one loop that polls a partition with kafka-clients, reads Avro into
 * arrays and lets DJL make a step. A poll returns a whole batch if there is one; the client fetches
 * the next records while a step runs. At the end of the partition it begins again.
 */
public final class KafkaDjlLoop implements Step, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final AvroCodec<TrainingExample> codec = AvroCodec.examples();
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final TopicPartition partition;
  private final long end;
  private final DjlTrainer trainer;
  private final float[] features;
  private final float[] labels;

  // runtime
  private int filled;

  /**
   * Begins with the partition's first record.
   *
   * @param trainer makes the steps and stays the caller's
   * @param width feature values of an example
   * @param batch examples of a step
   */
  public KafkaDjlLoop(
      String bootstrap, TopicPartition partition, DjlTrainer trainer, int width, int batch) {
    this.partition = partition;
    this.trainer = trainer;
    this.features = new float[width * batch];
    this.labels = new float[batch];
    this.consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                batch),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    this.end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
  }

  @Override
  public void run() throws UnreadableRecordException {
    long start = System.nanoTime();
    boolean stepped = false;
    while (!stepped) {
      for (ConsumerRecord<byte[], byte[]> raw : consumer.poll(PATIENCE).records(partition)) {
        TrainingExample example = codec.decode(raw.value());
        float[] values = DenseFeatures.values(example.getDense().get(0));
        System.arraycopy(values, 0, features, filled * values.length, values.length);
        labels[filled] = example.getLabel().get(0).floatValue();
        filled++;
        if (filled == labels.length) {
          trainer.step(features, labels, labels.length);
          filled = 0;
          stepped = true; // a poll gives a batch at most, so it can't happen twice
        }
      }
      if (consumer.position(partition) >= end) {
        consumer.seekToBeginning(List.of(partition));
      }
      if (!stepped && System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException(partition + " gave no batch in " + PATIENCE);
      }
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
