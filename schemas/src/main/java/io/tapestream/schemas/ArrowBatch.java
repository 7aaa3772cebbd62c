package io.tapestream.schemas;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.TypeLayout;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** One record batch of an {@link ArrowStream}: its columns, each as long as the batch. */
public final class ArrowBatch {
  private final int rows;
  private final Map<String, ArrowColumn> columns;
  private final Map<String, Float> scales = new LinkedHashMap<>();

  private ArrowBatch(Schema schema, RecordBatch batch, ByteBuffer body)
      throws UnreadableRecordException {
    if (batch.compression() != null) {
      throw new UnreadableRecordException(
          "the Arrow stream is compressed: write it without, and let Kafka compress");
    }
    if (batch.variadicBufferCountsLength() > 0) {
      throw new UnreadableRecordException(
          "the Arrow stream has columns of a view type: write Utf8 instead");
    }
    rows = Math.toIntExact(batch.length());
    columns = new LinkedHashMap<>();
    Layout layout = new Layout(batch, body);
    for (Field field : schema.getFields()) {
      ArrowColumn column = column(field, layout);
      if (column != null && columns.put(field.getName(), column) != null) {
        throw new UnreadableRecordException(
            "the Arrow stream has two columns named '" + field.getName() + "'");
      }
    }
  }

  static ArrowBatch read(Schema schema, RecordBatch batch, ByteBuffer body)
      throws UnreadableRecordException {
    return new ArrowBatch(schema, batch, body);
  }

  /**
   * How many examples the batch holds.
   *
   * @return its rows
   */
  public int rows() {
    return rows;
  }

  /**
   * A column by its name.
   *
   * @param name the name
   * @return the column, or null if the batch has none of that name whose type has a meaning
   */
  public @Nullable ArrowColumn column(String name) {
    return columns.get(name);
  }

  /**
   * The column of labels.
   *
   * @return the column, or null if no row has a label
   */
  public @Nullable ArrowColumn label() {
    return columns.get(ArrowColumns.LABEL);
  }

  /**
   * The column of weights.
   *
   * @return the column, or null if every weight is 1
   */
  public @Nullable ArrowColumn weight() {
    return columns.get(ArrowColumns.WEIGHT);
  }

  /** The columns that are features, in order. */
  List<ArrowColumn> features() {
    return columns.values().stream()
        .filter(c -> !ArrowColumns.RESERVED.contains(c.name()))
        .toList();
  }

  /** What the bytes of a column are multiplied with. */
  float scale(String column) {
    return scales.getOrDefault(column, 1f);
  }

  /** Takes a field's nodes and buffers off the layout; null if its type has no meaning here. */
  private @Nullable ArrowColumn column(Field field, Layout layout)
      throws UnreadableRecordException {
    ArrowType type = field.getType();
    boolean known = field.getDictionary() == null;
    if (known
        && type instanceof ArrowType.FixedSizeList list
        && element(field.getChildren().get(0)) != null) {
      ByteBuffer validity = layout.validity(rows);
      return numbers(
          field, field.getChildren().get(0), shape(field, list.getListSize()), validity, layout);
    }
    if (known && type instanceof ArrowType.List && element(field.getChildren().get(0)) != null) {
      ByteBuffer validity = layout.validity(rows);
      ByteBuffer offsets = offsets(field, layout);
      int elements = last(offsets);
      ByteBuffer elementValidity = layout.validity(elements);
      ArrowColumn.Element element = Objects.requireNonNull(element(field.getChildren().get(0)));
      ByteBuffer data = layout.data(field, (long) elements * element.bytes);
      return new ArrowColumn(
          field.getName(), element, new int[0], 1f, validity, elementValidity, offsets, data);
    }
    if (known && type instanceof ArrowType.Utf8) {
      ByteBuffer validity = layout.validity(rows);
      ByteBuffer offsets = offsets(field, layout);
      ByteBuffer data = layout.data(field, last(offsets));
      return new ArrowColumn(
          field.getName(), ArrowColumn.Element.INT8, new int[0], 1f, validity, null, offsets, data);
    }
    if (known && element(field) != null) {
      return numbers(field, field, new int[0], null, layout);
    }
    layout.skip(field);
    return null;
  }

  private ArrowColumn numbers(
      Field field, Field elements, int[] shape, @Nullable ByteBuffer rowValidity, Layout layout)
      throws UnreadableRecordException {
    ArrowColumn.Element element = Objects.requireNonNull(element(elements));
    long count = (long) rows * Arrays.stream(shape).reduce(1, Math::multiplyExact);
    ByteBuffer elementValidity = layout.validity(Math.toIntExact(count));
    ByteBuffer data = layout.data(field, count * element.bytes);
    String metadata = field.getMetadata().get(ArrowColumns.SCALE);
    float scale = metadata == null ? 1f : Float.parseFloat(metadata);
    scales.put(field.getName(), scale);
    return new ArrowColumn(
        field.getName(), element, shape, scale, rowValidity, elementValidity, null, data);
  }

  /** How a field's values are stored, or null if they are no numbers. */
  private static ArrowColumn.@Nullable Element element(Field field) {
    ArrowType type = field.getType();
    if (field.getDictionary() != null) {
      return null;
    }
    if (type instanceof ArrowType.FloatingPoint number) {
      return number.getPrecision() == FloatingPointPrecision.SINGLE
          ? ArrowColumn.Element.FLOAT32
          : number.getPrecision() == FloatingPointPrecision.DOUBLE
              ? ArrowColumn.Element.FLOAT64
              : null;
    }
    if (type instanceof ArrowType.Timestamp) {
      return ArrowColumn.Element.INT64;
    }
    if (type instanceof ArrowType.Int integer) {
      return switch (integer.getBitWidth()) {
        case 8 -> integer.getIsSigned() ? ArrowColumn.Element.INT8 : ArrowColumn.Element.UINT8;
        case 16 -> integer.getIsSigned() ? ArrowColumn.Element.INT16 : null;
        case 32 -> integer.getIsSigned() ? ArrowColumn.Element.INT32 : null;
        case 64 -> integer.getIsSigned() ? ArrowColumn.Element.INT64 : null;
        default -> null;
      };
    }
    return null;
  }

  private static int[] shape(Field field, int listSize) throws UnreadableRecordException {
    String metadata = field.getMetadata().get(ArrowColumns.SHAPE);
    if (metadata == null) {
      return new int[] {listSize};
    }
    int[] shape =
        metadata.isEmpty()
            ? new int[0]
            : Arrays.stream(metadata.split(",", -1))
                .map(String::trim)
                .mapToInt(Integer::parseInt)
                .toArray();
    if (Arrays.stream(shape).anyMatch(d -> d < 0)
        || Arrays.stream(shape).reduce(1, Math::multiplyExact) != listSize) {
      throw new UnreadableRecordException(
          "column '%s' has lists of %d, which is not its shape (%s)"
              .formatted(field.getName(), listSize, metadata));
    }
    return shape;
  }

  private ByteBuffer offsets(Field field, Layout layout) throws UnreadableRecordException {
    if (rows == 0) {
      layout.data(field, 0);
      return ByteBuffer.allocate(4);
    }
    return layout.data(field, 4L * (rows + 1));
  }

  private int last(ByteBuffer offsets) throws UnreadableRecordException {
    int before = 0;
    for (int row = 0; row <= rows; row++) {
      int offset = offsets.getInt(4 * row);
      if (offset < before) {
        throw new UnreadableRecordException("the Arrow stream is damaged: offsets run backwards");
      }
      before = offset;
    }
    return before;
  }

  /** The batch's nodes and buffers, taken in the order in which the schema's fields lie. */
  private static final class Layout {
    private final RecordBatch batch;
    private final ByteBuffer body;
    private int node;
    private int buffer;

    Layout(RecordBatch batch, ByteBuffer body) {
      this.batch = batch;
      this.body = body;
    }

    /** The next node's validity bits, or null if none of its values is null. */
    @Nullable ByteBuffer validity(int length) throws UnreadableRecordException {
      FieldNode next = node();
      if (next.length() != length) {
        throw new UnreadableRecordException(
            "the Arrow stream is damaged: a column has %d values where %d belong"
                .formatted(next.length(), length));
      }
      ByteBuffer bits = buffer();
      if (next.nullCount() == 0) {
        return null;
      }
      if (bits.remaining() < (length + 7L) / 8) {
        throw new UnreadableRecordException(
            "the Arrow stream is damaged: a column's validity is too short");
      }
      return bits;
    }

    /** The next buffer, which must be as long as its field needs. */
    ByteBuffer data(Field field, long length) throws UnreadableRecordException {
      ByteBuffer data = buffer();
      if (data.remaining() < length) {
        throw new UnreadableRecordException(
            "the Arrow stream is damaged: column '%s' has %d bytes and needs %d"
                .formatted(field.getName(), data.remaining(), length));
      }
      return data;
    }

    void skip(Field field) throws UnreadableRecordException {
      node();
      int buffers =
          field.getDictionary() != null ? 2 : TypeLayout.getTypeBufferCount(field.getType());
      for (int i = 0; i < buffers; i++) {
        buffer();
      }
      if (field.getDictionary() == null) {
        for (Field child : field.getChildren()) {
          skip(child);
        }
      }
    }

    private FieldNode node() throws UnreadableRecordException {
      if (node == batch.nodesLength()) {
        throw new UnreadableRecordException(
            "the Arrow stream is damaged: a batch lacks columns of its schema");
      }
      return batch.nodes(node++);
    }

    private ByteBuffer buffer() throws UnreadableRecordException {
      if (buffer == batch.buffersLength()) {
        throw new UnreadableRecordException(
            "the Arrow stream is damaged: a batch lacks buffers of its schema");
      }
      Buffer next = batch.buffers(buffer++);
      return body.slice(Math.toIntExact(next.offset()), Math.toIntExact(next.length()))
          .order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}
