package io.tapestream.operators.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.InputSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.source.ExampleCounter;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.schemas.ArrowExampleWriter;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import io.tapestream.tensor.Shape;
import io.tapestream.training.Batch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ExampleDecoderTest {
  private static final AvroCodec<TrainingExample> CODEC = AvroCodec.examples();

  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
  }

  // An image model and a tabular one

  private static InputSettings image(RecordFormat format) {
    return new InputSettings(format, List.of("image"), List.of(2, 3, 1), 1);
  }

  private static InputSettings tabular(RecordFormat format) {
    return new InputSettings(format, List.of("a", "v:3", "b"), List.of(5), 1);
  }

  private ExampleDecoder decoder(InputSettings input, int classes) {
    ExampleDecoder decoder = new ExampleDecoder(input, classes);
    open.add(decoder);
    return decoder;
  }

  private static TrainingExample example(int i, DenseFeature... dense) {
    return TrainingExample.newBuilder()
        .setId("id-" + i)
        .setEventTime(Instant.ofEpochMilli(i))
        .setDense(List.of(dense))
        .setCategorical(List.of(new CategoricalFeature("country", List.of(7L, -1L << 40))))
        .setLabel(List.of((double) (i % 10)))
        .setWeight(1 + i / 4f)
        .build();
  }

  private static TrainingExample imageExample(int i) {
    byte[] pixels = new byte[6];
    new Random(i).nextBytes(pixels);
    return example(i, DenseFeatures.bytes("image", pixels, 1 / 255f, 2, 3, 1));
  }

  private static TrainingExample tabularExample(int i) {
    return example(
        i,
        DenseFeatures.scalar("b", -i),
        DenseFeatures.scalar("not asked for", i),
        DenseFeatures.floats("v", new float[] {i, i + 0.25f, i + 0.5f}, 3),
        DenseFeatures.scalar("a", i));
  }

  private static RawRecord raw(int offset, TrainingExample example) {
    return RawRecord.of(offset, 0, CODEC.encode(example));
  }

  private static List<RawRecord> records(RecordFormat format, List<TrainingExample> examples) {
    if (format == RecordFormat.AVRO) {
      return IntStream.range(0, examples.size()).mapToObj(i -> raw(i, examples.get(i))).toList();
    }
    try (ArrowExampleWriter writer = new ArrowExampleWriter()) {
      return List.of(new RawRecord(0, 0, writer.write(examples), 0, examples.size()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void examplesBecomeColumnsInTheirOrder(RecordFormat format) {
    List<TrainingExample> examples =
        IntStream.range(0, 7).mapToObj(ExampleDecoderTest::imageExample).toList();

    DecodedBatch decoded = decoder(image(format), 10).decode(records(format, examples));

    Batch batch = decoded.batch();
    assertThat(decoded.rejected()).isEmpty();
    assertThat(batch.features().shape()).isEqualTo(Shape.of(7, 2, 3, 1));
    for (int i = 0; i < 7; i++) {
      assertThat(batch.features().slice(i, i + 1).toFloats())
          .isEqualTo(DenseFeatures.values(examples.get(i).getDense().get(0)));
    }
    assertThat(batch.labels().shape()).isEqualTo(Shape.of(7));
    assertThat(batch.labels().toFloats()).containsExactly(0, 1, 2, 3, 4, 5, 6);
    assertThat(batch.weights().toFloats()).containsExactly(1, 1.25f, 1.5f, 1.75f, 2, 2.25f, 2.5f);
  }

  @ParameterizedTest
  @EnumSource
  void namedFeaturesAreLaidSideBySideInTheModelsOrderWhateverTheRecords(RecordFormat format) {
    List<TrainingExample> examples =
        IntStream.range(0, 3).mapToObj(ExampleDecoderTest::tabularExample).toList();

    Batch batch = decoder(tabular(format), 0).decode(records(format, examples)).batch();

    assertThat(batch.features().toFloats())
        .containsExactly(0, 0, 0.25f, 0.5f, 0, 1, 1, 1.25f, 1.5f, -1, 2, 2, 2.25f, 2.5f, -2);
  }

  @Test
  void avroAndArrowGiveTheSameBits() {
    List<TrainingExample> examples =
        IntStream.range(0, 300).mapToObj(ExampleDecoderTest::imageExample).toList();

    float[] avro =
        decoder(image(RecordFormat.AVRO), 10)
            .decode(records(RecordFormat.AVRO, examples))
            .batch()
            .features()
            .toFloats();
    float[] arrow =
        decoder(image(RecordFormat.ARROW), 10)
            .decode(records(RecordFormat.ARROW, examples))
            .batch()
            .features()
            .toFloats();

    assertThat(arrow).isEqualTo(avro);
  }

  @Test
  void theOrderOfFeaturesMayChangeFromRecordToRecord() {
    List<RawRecord> records = new ArrayList<>();
    Random random = new Random(2);
    for (int i = 0; i < 50; i++) {
      List<DenseFeature> dense = new ArrayList<>(tabularExample(i).getDense());
      Collections.shuffle(dense, random);
      TrainingExample shuffled = tabularExample(i);
      shuffled.setDense(dense);
      records.add(raw(i, shuffled));
    }

    DecodedBatch decoded = decoder(tabular(RecordFormat.AVRO), 0).decode(records);

    assertThat(decoded.rejected()).isEmpty();
    for (int i = 0; i < 50; i++) {
      assertThat(decoded.batch().features().slice(i, i + 1).toFloats())
          .containsExactly(i, i, i + 0.25f, i + 0.5f, -i);
    }
  }

  @Test
  void theMemoryIsUsedAgainWhateverTheNumberOfRows() {
    ExampleDecoder decoder = decoder(image(RecordFormat.AVRO), 10);
    List<TrainingExample> examples =
        IntStream.range(0, 20).mapToObj(ExampleDecoderTest::imageExample).toList();

    Batch first = decoder.decode(records(RecordFormat.AVRO, examples)).batch();
    Batch second = decoder.decode(records(RecordFormat.AVRO, examples.subList(3, 9))).batch();

    assertThat(second.features().address()).isEqualTo(first.features().address());
    assertThat(second.size()).isEqualTo(6);
    assertThat(second.labels().toFloats()).containsExactly(3, 4, 5, 6, 7, 8);
  }

  @Test
  void vectorLabelsAreTheirOwnAxisAndNoLabelsAreZeros() {
    TrainingExample vector = imageExample(1);
    vector.setLabel(List.of(0.5, -1.0));
    InputSettings two = new InputSettings(RecordFormat.AVRO, List.of("image"), List.of(2, 3, 1), 2);
    InputSettings none =
        new InputSettings(RecordFormat.AVRO, List.of("image"), List.of(2, 3, 1), 0);
    TrainingExample unlabelled = imageExample(2);
    unlabelled.setLabel(null);

    Batch labels = decoder(two, 0).decode(List.of(raw(0, vector))).batch();
    Batch zeros = decoder(none, 0).decode(List.of(raw(0, unlabelled), raw(1, vector))).batch();

    assertThat(labels.labels().shape()).isEqualTo(Shape.of(1, 2));
    assertThat(labels.labels().toFloats()).containsExactly(0.5f, -1f);
    assertThat(zeros.labels().shape()).isEqualTo(Shape.of(2));
    assertThat(zeros.labels().toFloats()).containsExactly(0, 0);
  }

  @Test
  void rowsOfAnArrowRecordMayBelongToSeveralBatches() throws Exception {
    List<TrainingExample> examples =
        IntStream.range(0, 10).mapToObj(ExampleDecoderTest::imageExample).toList();
    byte[] value = records(RecordFormat.ARROW, examples).get(0).value();
    ExampleDecoder decoder = decoder(image(RecordFormat.ARROW), 10);

    assertThat(ExampleCounter.of(RecordFormat.ARROW).count(value)).isEqualTo(10);
    assertThat(
            decoder.decode(List.of(new RawRecord(0, 0, value, 0, 4))).batch().labels().toFloats())
        .containsExactly(0, 1, 2, 3);
    assertThat(
            decoder
                .decode(
                    List.of(new RawRecord(0, 0, value, 4, 10), new RawRecord(1, 0, value, 0, 1)))
                .batch()
                .labels()
                .toFloats())
        .containsExactly(4, 5, 6, 7, 8, 9, 0);
  }

  // I7: what is bad is left out with its reason, and nothing else is touched

  private void assertRejected(
      RecordFormat format, Reason reason, String detail, Consumer<TrainingExample> harm) {
    List<TrainingExample> examples =
        new ArrayList<>(IntStream.range(0, 5).mapToObj(ExampleDecoderTest::imageExample).toList());
    harm.accept(examples.get(2));
    DecodedBatch decoded;
    if (format == RecordFormat.AVRO) {
      decoded = decoder(image(format), 10).decode(records(format, examples));
      assertThat(decoded.rejected())
          .singleElement()
          .satisfies(r -> assertThat(r.record()).isEqualTo(2))
          .satisfies(r -> assertThat(r.row()).isZero());
    } else {
      List<RawRecord> records = new ArrayList<>();
      records.addAll(records(format, examples.subList(0, 2)));
      records.addAll(records(format, examples.subList(2, 3)));
      records.addAll(records(format, examples.subList(3, 5)));
      decoded = decoder(image(format), 10).decode(records);
      assertThat(decoded.rejected())
          .singleElement()
          .satisfies(r -> assertThat(r.record()).isEqualTo(1));
    }
    assertThat(decoded.rejected().get(0).reason()).isEqualTo(reason);
    assertThat(decoded.rejected().get(0).detail()).contains(detail);
    assertThat(decoded.batch().labels().toFloats()).containsExactly(0, 1, 3, 4);
  }

  @ParameterizedTest
  @EnumSource
  void i7AMissingLabelIsRejected(RecordFormat format) {
    assertRejected(format, Reason.MISSING_LABEL, "no label", e -> e.setLabel(null));
  }

  @ParameterizedTest
  @EnumSource
  void i7ALabelThatIsNoClassIsRejected(RecordFormat format) {
    assertRejected(format, Reason.LABEL_OUT_OF_RANGE, "10.0", e -> e.setLabel(List.of(10.0)));
    assertRejected(format, Reason.LABEL_OUT_OF_RANGE, "0 to 9", e -> e.setLabel(List.of(-1.0)));
    assertRejected(format, Reason.LABEL_OUT_OF_RANGE, "1.5", e -> e.setLabel(List.of(1.5)));
    assertRejected(format, Reason.NOT_FINITE, "label", e -> e.setLabel(List.of(Double.NaN)));
    assertRejected(format, Reason.NOT_FINITE, "label", e -> e.setLabel(List.of(1e300)));
  }

  @ParameterizedTest
  @EnumSource
  void i7ALabelOfAnotherLengthIsRejected(RecordFormat format) {
    assertRejected(
        format, Reason.WRONG_LABEL_SHAPE, "2 values", e -> e.setLabel(List.of(1.0, 2.0)));
  }

  @ParameterizedTest
  @EnumSource
  void i7AWrongShapeIsRejected(RecordFormat format) {
    Consumer<TrainingExample> transposed =
        e -> e.setDense(List.of(DenseFeatures.bytes("image", new byte[6], 1f, 3, 2, 1)));
    assertRejected(
        format, Reason.WRONG_SHAPE, "[3, 2, 1] where the model needs [2, 3, 1]", transposed);
  }

  @ParameterizedTest
  @EnumSource
  void i7AFeatureThatIsNotFiniteIsRejected(RecordFormat format) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int index = 0; index < 6; index++) {
        float[] values = new float[6];
        values[index] = bad;
        assertRejected(
            format,
            Reason.NOT_FINITE,
            "'image' holds " + bad + " at index " + index,
            e -> e.setDense(List.of(DenseFeatures.floats("image", values, 2, 3, 1))));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void i7AMissingFeatureIsRejected(RecordFormat format) {
    assertRejected(
        format,
        Reason.MISSING_FEATURE,
        "'image'",
        e -> e.setDense(List.of(DenseFeatures.bytes("picture", new byte[6], 1f, 2, 3, 1))));
  }

  @ParameterizedTest
  @EnumSource
  void i7ABadWeightIsRejected(RecordFormat format) {
    for (float bad : new float[] {-1f, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertRejected(format, Reason.BAD_WEIGHT, "" + bad, e -> e.setWeight(bad));
    }
  }

  @Test
  void i7ARepeatedFeatureIsRejected() {
    assertRejected(
        RecordFormat.AVRO,
        Reason.REPEATED_FEATURE,
        "'image'",
        e -> e.setDense(List.of(e.getDense().get(0), e.getDense().get(0))));
  }

  @Test
  void i7ValuesThatDoNotFillTheirShapeAreRejected() {
    assertRejected(
        RecordFormat.AVRO,
        Reason.WRONG_SHAPE,
        "5 bytes",
        e -> e.getDense().get(0).setValues(ByteBuffer.wrap(new byte[5])));
  }

  @Test
  void i7ATruncatedRecordIsRejectedWhereverItIsCut() {
    byte[] whole = CODEC.encode(tabularExample(1));
    ExampleDecoder decoder = decoder(tabular(RecordFormat.AVRO), 0);
    for (int length = 0; length < whole.length; length++) {
      DecodedBatch decoded =
          decoder.decode(
              List.of(
                  raw(0, tabularExample(5)),
                  RawRecord.of(1, 0, Arrays.copyOf(whole, length)),
                  raw(2, tabularExample(6))));
      assertThat(decoded.rejected())
          .singleElement()
          .satisfies(r -> assertThat(r.record()).isEqualTo(1));
      assertThat(decoded.rejected().get(0).reason())
          .isEqualTo(length == 0 ? Reason.EMPTY : Reason.UNREADABLE);
      assertThat(decoded.batch().labels().toFloats()).containsExactly(5, 6);
    }
    assertThat(
            decoder
                .decode(List.of(RawRecord.of(0, 0, Arrays.copyOf(whole, whole.length + 1))))
                .rejected())
        .singleElement()
        .satisfies(r -> assertThat(r.reason()).isEqualTo(Reason.UNREADABLE));
  }

  @Test
  void i7AnUnknownSchemaAndAnotherFormatAreRejected() {
    byte[] unknown = CODEC.encode(imageExample(1));
    unknown[4] ^= 1;
    byte[] arrow = records(RecordFormat.ARROW, List.of(imageExample(1))).get(0).value();

    DecodedBatch avro =
        decoder(image(RecordFormat.AVRO), 10)
            .decode(
                List.of(
                    RawRecord.of(0, 0, unknown),
                    RawRecord.of(1, 0, arrow),
                    RawRecord.of(2, 0, "{}".getBytes(StandardCharsets.UTF_8))));
    DecodedBatch arrows =
        decoder(image(RecordFormat.ARROW), 10)
            .decode(List.of(raw(0, imageExample(1)), RawRecord.of(1, 0, new byte[0])));

    assertThat(avro.rejected().stream().map(Rejected::reason))
        .containsExactly(Reason.UNKNOWN_SCHEMA, Reason.UNREADABLE, Reason.UNREADABLE);
    assertThat(arrows.rejected().stream().map(Rejected::reason))
        .containsExactly(Reason.UNREADABLE, Reason.EMPTY);
    assertThat(avro.batch().size()).isZero();
    assertThat(arrows.batch().size()).isZero();
  }

  @Test
  void i7ABadRowOfAnArrowRecordIsRejectedAlone() {
    List<TrainingExample> examples =
        new ArrayList<>(IntStream.range(0, 6).mapToObj(ExampleDecoderTest::imageExample).toList());
    examples.get(2).setLabel(null);
    examples.get(4).setWeight(-1f);

    DecodedBatch decoded =
        decoder(image(RecordFormat.ARROW), 10).decode(records(RecordFormat.ARROW, examples));

    assertThat(decoded.batch().labels().toFloats()).containsExactly(0, 1, 3, 5);
    assertThat(decoded.rejected().stream().map(r -> r.row() + " " + r.reason()))
        .containsExactly("2 MISSING_LABEL", "4 BAD_WEIGHT");
  }

  @Test
  void i7AnArrowRecordWithoutTheFeatureIsRejectedAsOneForAllItsRows() {
    List<TrainingExample> examples =
        IntStream.range(0, 6).mapToObj(ExampleDecoderTest::tabularExample).toList();

    DecodedBatch decoded =
        decoder(image(RecordFormat.ARROW), 10).decode(records(RecordFormat.ARROW, examples));

    assertThat(decoded.rejected())
        .singleElement()
        .isEqualTo(new Rejected(0, 0, 6, Reason.MISSING_FEATURE, "feature 'image' is missing"));
  }

  @Test
  void i7NoDamageToBytesEverThrowsOrShiftsTheOthers() {
    Random random = new Random(9);
    byte[] whole = CODEC.encode(tabularExample(1));
    ExampleDecoder decoder = decoder(tabular(RecordFormat.AVRO), 10);
    RawRecord good = raw(0, tabularExample(3));
    int rejections = 0;
    for (int i = 0; i < 4_000; i++) {
      byte[] damaged = whole.clone();
      for (int j = random.nextInt(4); j >= 0; j--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      DecodedBatch decoded = decoder.decode(List.of(good, RawRecord.of(1, 0, damaged), good));
      rejections += decoded.rejected().size();
      assertThat(decoded.batch().size() + decoded.rejected().size()).isEqualTo(3);
      Batch batch = decoded.batch();
      assertThat(batch.labels().get(0)).isEqualTo(3.0);
      assertThat(batch.labels().get(batch.size() - 1)).isEqualTo(3.0);
    }
    assertThat(rejections).isBetween(1_000, 3_999);
  }

  @Test
  void whatTheFastReaderAcceptsAvrosOwnReaderReadsAlike() throws Exception {
    Random random = new Random(13);
    ExampleDecoder decoder = decoder(tabular(RecordFormat.AVRO), 0);
    byte[] whole = CODEC.encode(tabularExample(1));
    for (int i = 0; i < 2_000; i++) {
      byte[] damaged = whole.clone();
      damaged[10 + random.nextInt(damaged.length - 10)] = (byte) random.nextInt();
      DecodedBatch decoded = decoder.decode(List.of(RawRecord.of(0, 0, damaged)));
      if (decoded.batch().size() == 1) {
        TrainingExample read = CODEC.decode(damaged);
        assertThat(decoded.batch().labels().get(0))
            .isEqualTo((double) read.getLabel().get(0).floatValue());
        assertThat(decoded.batch().weights().get(0)).isEqualTo(read.getWeight());
      }
    }
  }

  @Test
  void featuresThatDoNotFillTheInputAreRefusedWithTheFix() {
    assertThatThrownBy(
            () ->
                new ExampleDecoder(
                    new InputSettings(RecordFormat.AVRO, List.of("a", "b"), List.of(5), 1), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 values together")
        .hasMessageContaining("embedding:16");
    assertThatThrownBy(
            () ->
                new ExampleDecoder(
                    new InputSettings(RecordFormat.AVRO, List.of("a", "a"), List.of(2), 1), 0))
        .hasMessageContaining("named twice");
  }
}
