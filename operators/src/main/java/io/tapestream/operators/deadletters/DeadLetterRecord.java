package io.tapestream.operators.deadletters;

import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.DeadLetter;
import java.nio.charset.StandardCharsets;

/**
 * A dead letter as it goes to Kafka, and between operators (Flink's own serializers carry it).
 *
 * @param key {@code topic-partition-offset-row}, by which readers drop repeats
 * @param value the {@link DeadLetter} as an Avro single object
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record DeadLetterRecord(String key, byte[] value) {
  private static final AvroCodec<DeadLetter> CODEC = AvroCodec.deadLetters();

  /** Writes a letter. */
  static DeadLetterRecord of(DeadLetter letter) {
    String key =
        "%s-%d-%d-%d"
            .formatted(
                letter.getTopic(), letter.getPartition(), letter.getOffset(), letter.getRow());
    return new DeadLetterRecord(key, CODEC.encode(letter));
  }

  byte[] keyBytes() {
    return key.getBytes(StandardCharsets.UTF_8);
  }
}
