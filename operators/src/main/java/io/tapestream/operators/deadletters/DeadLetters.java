package io.tapestream.operators.deadletters;

import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.decode.Rejected;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.schemas.avro.DeadLetter;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.util.OutputTag;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Makes dead letters of rejected examples, and the sink that takes them to Kafka. */
public final class DeadLetters {
  /** How Flink carries a dead letter between operators. */
  public static final TypeInformation<DeadLetterRecord> TYPE = Types.POJO(DeadLetterRecord.class);

  /** The trainers' side output of what could not be learned from. */
  public static final OutputTag<DeadLetterRecord> OUTPUT = new OutputTag<>("dead-letters", TYPE);

  private DeadLetters() {}

  /**
   * The letters for a mini-batch's rejected examples. Of several rejected rows of one record only
   * the first letter carries the record's bytes; the others name its row.
   *
   * @param batch the mini-batch
   * @param rejected what was rejected of it, in the records' order
   * @param time when
   * @return one letter per rejection, in the same order
   */
  public static List<DeadLetterRecord> of(MiniBatch batch, List<Rejected> rejected, Instant time) {
    List<DeadLetterRecord> letters = new ArrayList<>(rejected.size());
    int carried = -1; // index of the record whose bytes the last carrying letter has
    int carryingRow = 0;
    for (Rejected example : rejected) {
      RawRecord source = batch.records().get(example.record());
      boolean carries = example.record() != carried;
      if (carries) {
        carried = example.record();
        carryingRow = example.row();
      }
      letters.add(
          DeadLetterRecord.of(
              new DeadLetter(
                  batch.partition().topic(),
                  batch.partition().partition(),
                  source.offset(),
                  example.row(),
                  example.rows(),
                  example.reason().name(),
                  example.detail(),
                  time,
                  carryingRow,
                  carries ? ByteBuffer.wrap(source.value()) : null)));
    }
    return letters;
  }

  /**
   * The sink to a topic of dead letters: at least once, so that none is lost and readers may find
   * one twice after a failure, under the same key. Letters are larger than the records they carry
   * by some hundred bytes, so the topic's {@code max.message.bytes} must be larger than that of the
   * topics trained from; the producer itself sets no limit unless {@code max.request.size} is
   * given.
   *
   * @param kafka the cluster
   * @param topic the topic
   */
  public static KafkaSink<DeadLetterRecord> sink(KafkaSettings kafka, String topic) {
    Properties producer = kafka.toProperties();
    producer.putIfAbsent(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(Integer.MAX_VALUE));
    return KafkaSink.<DeadLetterRecord>builder()
        .setBootstrapServers(kafka.bootstrapServers())
        .setKafkaProducerConfig(producer)
        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .setRecordSerializer(new DeadLetterSerialization(topic))
        .build();
  }
}
