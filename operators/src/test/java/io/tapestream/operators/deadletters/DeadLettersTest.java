package io.tapestream.operators.deadletters;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.decode.Reason;
import io.tapestream.operators.decode.Rejected;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.DeadLetter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

final class DeadLettersTest {
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_000L);

  private final MiniBatch batch =
      new MiniBatch(
          3,
          new TopicPartition("images", 2),
          7,
          9,
          List.of(
              RawRecord.of(100, 0, new byte[] {1, 2, 3}),
              new RawRecord(105, 0, new byte[] {(byte) 0xFF, 0, 9}, 4, 20),
              RawRecord.of(106, 0, new byte[0])),
          107,
          false);

  private List<DeadLetter> read(List<DeadLetterRecord> letters) throws Exception {
    List<DeadLetter> read = new ArrayList<>();
    for (DeadLetterRecord letter : letters) {
      read.add(AvroCodec.deadLetters().decode(letter.value()));
    }
    return read;
  }

  @Test
  void i7ALetterSaysWhereItsRecordWasAndCarriesItByteForByte() throws Exception {
    List<DeadLetterRecord> letters =
        DeadLetters.of(
            batch, List.of(new Rejected(0, 0, 1, Reason.NOT_FINITE, "feature 'x' holds NaN")), NOW);

    assertThat(letters.get(0).key()).isEqualTo("images-2-100-0");
    assertThat(read(letters).get(0))
        .isEqualTo(
            DeadLetter.newBuilder()
                .setTopic("images")
                .setPartition(2)
                .setOffset(100)
                .setRow(0)
                .setRows(1)
                .setReason("NOT_FINITE")
                .setDetail("feature 'x' holds NaN")
                .setTime(NOW)
                .setOriginalRow(0)
                .setOriginal(ByteBuffer.wrap(new byte[] {1, 2, 3}))
                .build());
  }

  @Test
  void i7ARecordWhoseRowsAreRejectedOneByOneIsCarriedOnce() throws Exception {
    List<DeadLetter> letters =
        read(
            DeadLetters.of(
                batch,
                List.of(
                    new Rejected(1, 5, 1, Reason.MISSING_LABEL, ""),
                    new Rejected(1, 9, 1, Reason.MISSING_LABEL, ""),
                    new Rejected(2, 0, 1, Reason.EMPTY, "")),
                NOW));

    assertThat(letters.stream().map(DeadLetter::getRow)).containsExactly(5, 9, 0);
    assertThat(letters.stream().map(DeadLetter::getOriginalRow)).containsExactly(5, 5, 0);
    assertThat(letters.get(0).getOriginal())
        .isEqualTo(ByteBuffer.wrap(new byte[] {(byte) 0xFF, 0, 9}));
    assertThat(letters.get(1).getOriginal()).isNull();
    assertThat(letters.get(2).getOriginal().remaining()).isZero();
  }

  @Test
  void flinkCarriesALetterWithoutKryo() throws Exception {
    var config = new SerializerConfigImpl();
    config.setGenericTypes(false);
    var serializer = DeadLetters.TYPE.createSerializer(config);
    DeadLetterRecord letter = new DeadLetterRecord("k", new byte[] {4, 5});
    DataOutputSerializer out = new DataOutputSerializer(16);

    serializer.serialize(letter, out);
    DeadLetterRecord read =
        serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));

    assertThat(DeadLetters.TYPE).isInstanceOf(PojoTypeInfo.class);
    assertThat(read.key()).isEqualTo("k");
    assertThat(read.value()).containsExactly(4, 5);
  }

  @Test
  void aLetterGoesToItsTopicUnderItsKey() {
    ProducerRecord<byte[], byte[]> sent =
        new DeadLetterSerialization("images-dead")
            .serialize(new DeadLetterRecord("images-2-100-0", new byte[] {7}), null, null);

    assertThat(sent.topic()).isEqualTo("images-dead");
    assertThat(new String(sent.key(), StandardCharsets.UTF_8)).isEqualTo("images-2-100-0");
    assertThat(sent.value()).containsExactly(7);
  }
}
