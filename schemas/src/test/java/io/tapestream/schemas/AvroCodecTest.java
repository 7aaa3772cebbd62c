package io.tapestream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.DeadLetter;
import io.tapestream.schemas.avro.TrainingExample;
import io.tapestream.schemas.avro.VersionAnnouncement;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.junit.jupiter.api.Test;

final class AvroCodecTest {
  private final AvroCodec<TrainingExample> codec = AvroCodec.examples();

  static TrainingExample example() {
    return TrainingExample.newBuilder()
        .setId("pair-7")
        .setEventTime(Instant.ofEpochMilli(1_700_000_000_123L))
        .setDense(
            List.of(
                DenseFeatures.bytes(
                    "image", new byte[] {0, 1, (byte) 255, (byte) 128}, 1 / 255f, 2, 2, 1),
                DenseFeatures.scalar("age", 41.5f)))
        .setCategorical(List.of(new CategoricalFeature("country", List.of(7L, Long.MAX_VALUE))))
        .setLabel(List.of(3.0))
        .build();
  }

  @Test
  void anExampleComesBackAsItWasWritten() throws Exception {
    TrainingExample read = codec.decode(codec.encode(example()));

    assertThat(read).isEqualTo(example());
    assertThat(read.getWeight()).isEqualTo(1f);
    assertThat(DenseFeatures.values(read.getDense().get(0)))
        .containsExactly(0f, 1 / 255f, 1 / 255f * 255, 1 / 255f * 128);
    assertThat(DenseFeatures.values(read.getDense().get(1))).containsExactly(41.5f);
  }

  @Test
  void theBytesAreThoseOfAvrosOwnSingleObjectEncoding() throws Exception {
    var data = new SpecificData();
    data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    var avros = new BinaryMessageEncoder<TrainingExample>(data, TrainingExample.getClassSchema());

    assertThat(codec.encode(example())).isEqualTo(avros.encode(example()).array());
    assertThat(codec.encode(example())).startsWith(codec.header());
  }

  @Test
  void theBuilderFillsInDefaults() {
    TrainingExample bare =
        TrainingExample.newBuilder().setId("x").setEventTime(Instant.ofEpochMilli(1)).build();

    assertThat(bare.getDense()).isEmpty();
    assertThat(bare.getCategorical()).isEmpty();
    assertThat(bare.getLabel()).isNull();
    assertThat(bare.getWeight()).isEqualTo(1f);
  }

  @Test
  void announcementsAndDeadLettersComeBackToo() throws Exception {
    var announcement =
        new VersionAnnouncement(
            "lenet",
            7L,
            "run-1",
            "00ff",
            12L,
            340L,
            "/models/lenet/00000007",
            "ab".repeat(32),
            Instant.ofEpochMilli(5));
    var letter =
        DeadLetter.newBuilder()
            .setTopic("t")
            .setPartition(2)
            .setOffset(99L)
            .setRow(0)
            .setReason("NOT_FINITE")
            .setDetail("feature 'age' holds NaN")
            .setTime(Instant.ofEpochMilli(6))
            .setOriginal(ByteBuffer.wrap(new byte[] {1, 2, 3}))
            .build();

    assertThat(AvroCodec.announcements().decode(AvroCodec.announcements().encode(announcement)))
        .isEqualTo(announcement);
    assertThat(AvroCodec.deadLetters().decode(AvroCodec.deadLetters().encode(letter)))
        .isEqualTo(letter);
  }

  @Test
  void aRecordOfAnotherKindIsRefusedByItsFingerprint() {
    byte[] bytes = codec.encode(example());
    bytes[5] ^= 1;

    assertThatThrownBy(() -> codec.decode(bytes))
        .isInstanceOf(UnknownSchemaException.class)
        .hasMessageContaining("TrainingExample")
        .hasMessageContaining("fingerprint");
  }

  @Test
  void aRecordCutAnywhereIsUnreadableAndNothingElse() {
    byte[] bytes = codec.encode(example());

    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> codec.decode(cut)).isInstanceOf(UnreadableRecordException.class);
    }
    assertThatThrownBy(() -> codec.decode(Arrays.copyOf(bytes, bytes.length + 1)))
        .isInstanceOf(UnreadableRecordException.class)
        .hasMessageContaining("bytes follow");
  }

  @Test
  void damagedBytesNeverDoMoreThanMakeTheRecordUnreadable() {
    Random random = new Random(11);
    byte[] bytes = codec.encode(example());
    for (int i = 0; i < 4_000; i++) {
      byte[] damaged = bytes.clone();
      for (int j = random.nextInt(4); j >= 0; j--) {
        damaged[AvroCodec.HEADER_BYTES + random.nextInt(bytes.length - AvroCodec.HEADER_BYTES)] =
            (byte) random.nextInt();
      }
      try {
        codec.decode(damaged);
      } catch (UnreadableRecordException expected) {
        assertThat(expected).hasMessageContaining("TrainingExample");
      }
    }
  }
}
