package io.tapestream.schemas;

import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Writes examples as the Arrow IPC stream that {@link ArrowStream} describes. All examples of one
 * stream have the same features in the same order, shapes and encodings, and labels of the same
 * length; another stream may have others. Not for several threads at once.
 */
public final class ArrowExampleWriter implements AutoCloseable {
  private static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  private static final ArrowType FLOAT64 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);

  private final BufferAllocator allocator = new RootAllocator();

  /** Makes a writer, which holds no memory between streams. */
  public ArrowExampleWriter() {}

  /**
   * Writes one stream.
   *
   * @param examples the examples, at least one
   * @return the bytes of the stream: its schema and one batch
   * @throws IllegalArgumentException if there is no example, or one differs from the first in its
   *     features or label, saying which and how
   */
  public byte[] write(List<TrainingExample> examples) {
    if (examples.isEmpty()) {
      throw new IllegalArgumentException("an Arrow record holds at least one example");
    }
    TrainingExample first = examples.get(0);
    int labels =
        examples.stream()
            .filter(e -> e.getLabel() != null)
            .mapToInt(e -> e.getLabel().size())
            .findFirst()
            .orElse(1);
    try (VectorSchemaRoot root = VectorSchemaRoot.create(schema(first, labels), allocator)) {
      root.getFieldVectors().forEach(vector -> vector.setInitialCapacity(examples.size()));
      for (int row = 0; row < examples.size(); row++) {
        write(root, row, examples.get(row), first, labels);
      }
      root.setRowCount(examples.size());
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (ArrowStreamWriter writer = new ArrowStreamWriter(root, null, Channels.newChannel(out))) {
        writer.writeBatch();
        writer.end();
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a write to memory failed", e);
    }
  }

  private static Schema schema(TrainingExample example, int labels) {
    List<Field> fields = new ArrayList<>();
    fields.add(field(ArrowColumns.ID, false, new ArrowType.Utf8(), Map.of()));
    fields.add(
        field(
            ArrowColumns.EVENT_TIME,
            false,
            new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC"),
            Map.of()));
    fields.add(
        labels == 1
            ? field(ArrowColumns.LABEL, true, FLOAT64, Map.of())
            : field(
                ArrowColumns.LABEL,
                true,
                new ArrowType.FixedSizeList(labels),
                Map.of(),
                element(FLOAT64)));
    fields.add(field(ArrowColumns.WEIGHT, false, FLOAT32, Map.of()));
    for (DenseFeature feature : example.getDense()) {
      fields.add(denseField(feature));
    }
    for (CategoricalFeature feature : example.getCategorical()) {
      fields.add(
          field(
              feature.getName(),
              false,
              new ArrowType.List(),
              Map.of(),
              element(new ArrowType.Int(64, true))));
    }
    List<String> twice =
        fields.stream()
            .collect(Collectors.groupingBy(Field::getName, Collectors.counting()))
            .entrySet()
            .stream()
            .filter(e -> e.getValue() > 1)
            .map(Map.Entry::getKey)
            .toList();
    if (!twice.isEmpty()) {
      throw new IllegalArgumentException(
          "columns named twice: %s; a feature needs a name of its own, other than %s"
              .formatted(twice, ArrowColumns.RESERVED));
    }
    return new Schema(fields);
  }

  private static Field denseField(DenseFeature feature) {
    ArrowType type =
        feature.getEncoding() == DenseEncoding.UINT8 ? new ArrowType.Int(8, false) : FLOAT32;
    Map<String, String> metadata = new HashMap<>();
    if (feature.getEncoding() == DenseEncoding.UINT8) {
      metadata.put(ArrowColumns.SCALE, Float.toString(feature.getScale()));
    }
    if (feature.getShape().isEmpty()) {
      return field(feature.getName(), false, type, metadata);
    }
    metadata.put(
        ArrowColumns.SHAPE,
        feature.getShape().stream().map(String::valueOf).collect(Collectors.joining(",")));
    return field(
        feature.getName(),
        false,
        new ArrowType.FixedSizeList(size(feature)),
        metadata,
        element(type));
  }

  private static Field field(
      String name,
      boolean nullable,
      ArrowType type,
      Map<String, String> metadata,
      Field... children) {
    return new Field(name, new FieldType(nullable, type, null, metadata), List.of(children));
  }

  private static Field element(ArrowType type) {
    return field("item", false, type, Map.of());
  }

  private static void write(
      VectorSchemaRoot root, int row, TrainingExample example, TrainingExample first, int labels) {
    List<FieldVector> vectors = root.getFieldVectors();
    ((VarCharVector) vectors.get(0)).setSafe(row, example.getId().getBytes(StandardCharsets.UTF_8));
    ((TimeStampMilliTZVector) vectors.get(1)).setSafe(row, example.getEventTime().toEpochMilli());
    writeLabel(vectors.get(2), row, example, labels);
    ((Float4Vector) vectors.get(3)).setSafe(row, example.getWeight());
    require(
        example.getDense().size() == first.getDense().size()
            && example.getCategorical().size() == first.getCategorical().size(),
        row,
        "has another number of features than the first");
    int column = 4;
    for (int i = 0; i < example.getDense().size(); i++) {
      writeDense(vectors.get(column++), row, example.getDense().get(i), first.getDense().get(i));
    }
    for (int i = 0; i < example.getCategorical().size(); i++) {
      CategoricalFeature feature = example.getCategorical().get(i);
      ListVector list = (ListVector) vectors.get(column++);
      require(
          feature.getName().equals(list.getName()),
          row,
          "has '" + feature.getName() + "' where the first has '" + list.getName() + "'");
      int at = list.startNewValue(row);
      BigIntVector ids = (BigIntVector) list.getDataVector();
      for (long id : feature.getIds()) {
        ids.setSafe(at++, id);
      }
      list.endValue(row, feature.getIds().size());
    }
  }

  private static void writeLabel(FieldVector vector, int row, TrainingExample example, int labels) {
    List<Double> label = example.getLabel();
    if (label == null) {
      return; // stays null
    }
    require(
        label.size() == labels,
        row,
        "has " + label.size() + " label values where another has " + labels);
    if (labels == 1) {
      ((Float8Vector) vector).setSafe(row, label.get(0));
      return;
    }
    FixedSizeListVector list = (FixedSizeListVector) vector;
    Float8Vector elements = (Float8Vector) list.getDataVector();
    for (int i = 0; i < labels; i++) {
      elements.setSafe(row * labels + i, label.get(i));
    }
    list.setNotNull(row);
  }

  private static void writeDense(
      FieldVector vector, int row, DenseFeature feature, DenseFeature first) {
    require(
        feature.getName().equals(first.getName())
            && feature.getShape().equals(first.getShape())
            && feature.getEncoding() == first.getEncoding()
            && (feature.getEncoding() == DenseEncoding.FLOAT32
                || feature.getScale() == first.getScale()),
        row,
        "has %s where the first has %s".formatted(describe(feature), describe(first)));
    ByteBuffer values = feature.getValues().duplicate();
    int size = size(feature);
    int width = feature.getEncoding() == DenseEncoding.UINT8 ? 1 : Float.BYTES;
    require(
        values.remaining() == size * width,
        row,
        "has a feature '"
            + feature.getName()
            + "' of "
            + values.remaining()
            + " bytes, but its shape needs "
            + size * width);
    BaseFixedWidthVector elements;
    if (vector instanceof FixedSizeListVector list) {
      elements = (BaseFixedWidthVector) list.getDataVector();
      list.setNotNull(row);
    } else {
      elements = (BaseFixedWidthVector) vector;
    }
    while (elements.getValueCapacity() < (row + 1) * size) {
      elements.reAlloc();
    }
    ArrowBuf data = elements.getDataBuffer();
    data.setBytes((long) row * size * width, values); // Arrow's layout is the bytes' own
    for (int i = row * size; i < (row + 1) * size; i++) {
      elements.setIndexDefined(i);
    }
  }

  private static int size(DenseFeature feature) {
    return feature.getShape().stream().reduce(1, Math::multiplyExact);
  }

  private static String describe(DenseFeature feature) {
    return "feature '%s' %s %s scale %s"
        .formatted(
            feature.getName(), feature.getShape(), feature.getEncoding(), feature.getScale());
  }

  private static void require(boolean holds, int row, String problem) {
    if (!holds) {
      throw new IllegalArgumentException("example " + row + " of the Arrow record " + problem);
    }
  }

  /** Frees the allocator. */
  @Override
  public void close() {
    allocator.close();
  }
}
