package io.tapestream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.Test;

final class ArrowStreamTest {
  static List<TrainingExample> examples(int n) {
    Random random = new Random(5);
    return IntStream.range(0, n)
        .mapToObj(
            i -> {
              byte[] pixels = new byte[6];
              random.nextBytes(pixels);
              return TrainingExample.newBuilder()
                  .setId("pair-" + i)
                  .setEventTime(Instant.ofEpochMilli(1_700_000_000_000L + i))
                  .setDense(
                      List.of(
                          DenseFeatures.bytes("image", pixels, 1 / 255f, 2, 3, 1),
                          DenseFeatures.floats(
                              "vector", new float[] {i, -0.5f, random.nextFloat()}, 3),
                          DenseFeatures.scalar("age", i / 3f)))
                  .setCategorical(
                      List.of(
                          new CategoricalFeature(
                              "tags",
                              LongStream.range(0, i % 3).map(t -> t << 40).boxed().toList())))
                  .setLabel(i % 4 == 3 ? null : List.of((double) i))
                  .setWeight(i + 0.5f)
                  .build();
            })
        .toList();
  }

  private static byte[] write(List<TrainingExample> examples) {
    try (ArrowExampleWriter writer = new ArrowExampleWriter()) {
      return writer.write(examples);
    }
  }

  @Test
  void examplesComeBackAsTheyWereWritten() throws Exception {
    byte[] stream = write(examples(37));

    assertThat(ArrowStream.countRows(stream)).isEqualTo(37);
    assertThat(ArrowStream.read(stream).examples()).isEqualTo(examples(37));
  }

  @Test
  void vectorLabelsComeBackToo() throws Exception {
    List<TrainingExample> examples = examples(5);
    for (int i = 0; i < 5; i++) {
      examples.get(i).setLabel(i == 2 ? null : List.of(1.0 * i, 2.0 * i, -1.0));
    }

    assertThat(ArrowStream.read(write(examples)).examples()).isEqualTo(examples);
  }

  @Test
  void aColumnIsReadInPlaceRowByRow() throws Exception {
    ArrowBatch batch = ArrowStream.read(write(examples(9))).batches().get(0);
    ArrowColumn image = batch.column("image");
    float[] into = new float[8];

    image.read(4, into, 1);

    assertThat(image.shape()).containsExactly(2, 3, 1);
    assertThat(Arrays.copyOfRange(into, 1, 7))
        .isEqualTo(DenseFeatures.values(examples(9).get(4).getDense().get(0)));
    assertThat(batch.label().isNull(3)).isTrue();
    assertThat(batch.label().get(5, 0)).isEqualTo(5.0);
    assertThat(batch.weight().get(5, 0)).isEqualTo(5.5);
  }

  @Test
  void arrowsOwnReaderAcceptsWhatIsWritten() throws Exception {
    try (var allocator = new RootAllocator();
        var reader =
            new ArrowStreamReader(new ByteArrayInputStream(write(examples(3))), allocator)) {
      assertThat(reader.loadNextBatch()).isTrue();
      assertThat(reader.getVectorSchemaRoot().getRowCount()).isEqualTo(3);
      assertThat(reader.getVectorSchemaRoot().getVector("age").getObject(2)).isEqualTo(2 / 3f);
      assertThat(reader.getVectorSchemaRoot().getVector("image").getNullCount()).isZero();
      assertThat(reader.loadNextBatch()).isFalse();
    }
  }

  @Test
  void aStreamOfSeveralBatchesOfOtherTypesAndColumnsThatMeanNothingIsRead() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var allocator = new RootAllocator();
        var flag = new BitVector("flag", allocator);
        var wide = new Float8Vector("wide", allocator);
        var label = new IntVector("label", allocator);
        var list = FixedSizeListVector.empty("pair", 2, allocator)) {
      list.addOrGetVector(
          FieldType.nullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)));
      try (var root = VectorSchemaRoot.of(flag, wide, label, list);
          var writer = new ArrowStreamWriter(root, null, out)) {
        for (int batch = 0; batch < 3; batch++) {
          root.allocateNew();
          for (int row = 0; row < 10; row++) {
            flag.setSafe(row, 1);
            wide.setSafe(row, batch * 10 + row);
            if (row != 7) {
              label.setSafe(row, -row);
            } else {
              label.setNull(row);
            }
            Float4Vector items = (Float4Vector) list.getDataVector();
            items.setSafe(2 * row, row);
            if (row == 4) {
              items.setNull(2 * row + 1);
            } else {
              items.setSafe(2 * row + 1, batch);
            }
            list.setNotNull(row);
          }
          root.setRowCount(10);
          writer.writeBatch();
        }
        writer.end();
      }
    }

    ArrowStream stream = ArrowStream.read(out.toByteArray());
    ArrowBatch last = stream.batches().get(2);
    float[] into = new float[2];

    assertThat(ArrowStream.countRows(out.toByteArray())).isEqualTo(30);
    assertThat(stream.rows()).isEqualTo(30);
    assertThat(last.column("flag")).isNull();
    assertThat(last.column("wide").get(6, 0)).isEqualTo(26.0);
    assertThat(last.label().get(6, 0)).isEqualTo(-6.0);
    assertThat(last.label().isNull(7)).isTrue();
    assertThat(last.column("pair").isNull(4)).isTrue();
    last.column("pair").read(5, into, 0);
    assertThat(into).containsExactly(5f, 2f);
    assertThat(last.weight()).isNull();
  }

  @Test
  void examplesThatDifferAreNotWrittenTogether() {
    List<TrainingExample> examples = examples(3);
    examples.get(2).setDense(List.of(DenseFeatures.scalar("age", 1f)));

    assertThatThrownBy(() -> write(examples))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("example 2");

    TrainingExample reserved = examples(1).get(0);
    reserved.setDense(List.of(DenseFeatures.scalar("label", 1f)));
    assertThatThrownBy(() -> write(List.of(reserved))).hasMessageContaining("label");
  }

  @Test
  void aStreamCutAnywhereIsUnreadableAndNothingElse() throws Exception {
    byte[] stream = write(examples(3));

    for (int length = 0; length < stream.length - 8; length++) {
      byte[] cut = Arrays.copyOf(stream, length);
      if (length > 0 && wholeMessages(stream, length)) {
        assertThat(ArrowStream.countRows(cut)).isIn(0, 3); // the end mark may be left out
      } else {
        assertThatThrownBy(() -> ArrowStream.countRows(cut))
            .isInstanceOf(UnreadableRecordException.class);
        assertThatThrownBy(() -> ArrowStream.read(cut))
            .isInstanceOf(UnreadableRecordException.class);
      }
    }
    assertThatThrownBy(() -> ArrowStream.countRows(Arrays.copyOf(stream, stream.length + 1)))
        .hasMessageContaining("follow the end");
  }

  private static boolean wholeMessages(byte[] stream, int length) throws Exception {
    ArrowFrames frames = new ArrowFrames(stream);
    for (var frame = frames.next(); frame != null; frame = frames.next()) {
      if (frames.position() == length) {
        return true;
      }
    }
    return false;
  }

  @Test
  void damagedBytesNeverDoMoreThanMakeTheRecordUnreadable() {
    Random random = new Random(3);
    byte[] stream = write(examples(3));
    int unreadable = 0;
    for (int i = 0; i < 6_000; i++) {
      byte[] damaged = stream.clone();
      for (int j = random.nextInt(4); j >= 0; j--) {
        damaged[random.nextInt(stream.length)] = (byte) random.nextInt();
      }
      try {
        ArrowStream.countRows(damaged);
        ArrowStream.read(damaged).examples();
      } catch (UnreadableRecordException expected) {
        unreadable++;
      }
    }
    assertThat(unreadable).isBetween(300, 5_700);
  }

  @Test
  void aStreamThatCanBeReadHasAsManyRowsAsWereCounted() throws Exception {
    Random random = new Random(4);
    byte[] stream = write(examples(3));
    for (int i = 0; i < 4_000; i++) {
      byte[] damaged = stream.clone();
      damaged[random.nextInt(stream.length)] = (byte) random.nextInt();
      ArrowStream read;
      try {
        read = ArrowStream.read(damaged);
      } catch (UnreadableRecordException e) {
        continue;
      }
      assertThat(ArrowStream.countRows(damaged)).isEqualTo(read.rows());
    }
  }
}
