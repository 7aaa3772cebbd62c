package io.tapestream.schemas;

import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Many training examples in one Kafka record, as an Arrow IPC stream: a schema, any number of
 * record batches, the end. A row is an example, and rows are counted over all batches from 0. What
 * a column means follows from its name and type:
 *
 * <table>
 * <caption>Columns</caption>
 * <tr><th>name</th><th>type</th><th>meaning</th></tr>
 * <tr><td>{@code id}</td><td>Utf8</td><td>the example's id; optional</td></tr>
 * <tr><td>{@code event_time}</td><td>Timestamp(ms, UTC)</td><td>when it happened; optional</td></tr>
 * <tr><td>{@code label}</td><td>a number, or FixedSizeList of numbers</td><td>the label, scalar or vector; null when not known</td></tr>
 * <tr><td>{@code weight}</td><td>a number</td><td>the example's weight; optional, 1 when absent or null</td></tr>
 * <tr><td>any other</td><td>a number</td><td>a dense feature that is a scalar</td></tr>
 * <tr><td>any other</td><td>FixedSizeList of numbers</td><td>a dense feature; field metadata {@code shape} (as in {@code 28,28,1}) gives its extents,
 *     without it it is a vector</td></tr>
 * <tr><td>any other</td><td>List of integers</td><td>a categorical feature</td></tr>
 * </table>
 *
 * A number is Float32, Float64, UInt8 or a signed Int of any width, and becomes float32 when it is
 * a feature; UInt8 is multiplied with the field metadata {@code scale} if there is one, as {@link
 * DenseFeatures#fromByte(byte, float)} says. Columns of other types are passed over. Little-endian
 * only; no compression, no dictionaries in the columns named here. {@link ArrowExampleWriter}
 * writes this; so can any Arrow library.
 */
public final class ArrowStream {
  private final List<ArrowBatch> batches;
  private final int rows;

  private ArrowStream(List<ArrowBatch> batches, int rows) {
    this.batches = batches;
    this.rows = rows;
  }

  /**
   * Counts the rows of a stream from its headers, without looking at the bodies.
   *
   * @param stream the bytes of the stream
   * @return how many rows all its batches have
   * @throws UnreadableRecordException if the bytes are no whole stream
   */
  public static int countRows(byte[] stream) throws UnreadableRecordException {
    return guarded(
        () -> {
          ArrowFrames frames = new ArrowFrames(stream);
          first(frames);
          long rows = 0;
          for (var frame = frames.next(); frame != null; frame = frames.next()) {
            RecordBatch batch = frame.recordBatch();
            rows = batch == null ? rows : add(rows, batch.length(), stream.length);
          }
          return (int) rows;
        });
  }

  /**
   * Reads a stream. Nothing is copied: the bytes must not change while the result is used.
   *
   * @param stream the bytes of the stream
   * @return its batches
   * @throws UnreadableRecordException if the bytes are no whole stream, or one that can't be read
   *     here
   */
  public static ArrowStream read(byte[] stream) throws UnreadableRecordException {
    return guarded(
        () -> {
          ArrowFrames frames = new ArrowFrames(stream);
          Schema schema = ArrowSchemas.read(first(frames).message());
          List<ArrowBatch> batches = new ArrayList<>();
          long rows = 0;
          for (var frame = frames.next(); frame != null; frame = frames.next()) {
            RecordBatch batch = frame.recordBatch();
            if (batch != null) {
              rows = add(rows, batch.length(), stream.length);
              batches.add(ArrowBatch.read(schema, batch, frame.body()));
            }
          }
          return new ArrowStream(List.copyOf(batches), (int) rows);
        });
  }

  /**
   * How many examples the stream holds.
   *
   * @return the rows of all batches
   */
  public int rows() {
    return rows;
  }

  /**
   * The stream's batches.
   *
   * @return the batches in order, none copied
   */
  public List<ArrowBatch> batches() {
    return batches;
  }

  /**
   * The rows as examples, an object each: for tools and tests, not for training.
   *
   * @return one example a row; id and event time are "" and 1970 where the stream has none
   * @throws UnreadableRecordException if a row's text or list points outside its column
   */
  public List<TrainingExample> examples() throws UnreadableRecordException {
    return guarded(
        () ->
            batches.stream()
                .flatMap(
                    batch -> IntStream.range(0, batch.rows()).mapToObj(row -> example(batch, row)))
                .toList());
  }

  private static TrainingExample example(ArrowBatch batch, int row) {
    ArrowColumn id = batch.column(ArrowColumns.ID);
    ArrowColumn time = batch.column(ArrowColumns.EVENT_TIME);
    ArrowColumn weight = batch.column(ArrowColumns.WEIGHT);
    List<DenseFeature> dense = new ArrayList<>();
    List<CategoricalFeature> categorical = new ArrayList<>();
    for (ArrowColumn column : batch.features()) {
      if (column.isNull(row)) {
        continue;
      }
      if (column.isList()) {
        categorical.add(
            new CategoricalFeature(
                column.name(), Arrays.stream(column.integers(row)).boxed().toList()));
      } else {
        dense.add(denseFeature(batch, column, row));
      }
    }
    return new TrainingExample(
        id == null || id.isNull(row) ? "" : id.text(row),
        Instant.ofEpochMilli(time == null || time.isNull(row) ? 0 : time.integer(row)),
        dense,
        categorical,
        label(batch.column(ArrowColumns.LABEL), row),
        weight == null || weight.isNull(row) ? 1f : (float) weight.get(row, 0));
  }

  private static DenseFeature denseFeature(ArrowBatch batch, ArrowColumn column, int row) {
    if (column.element() == ArrowColumn.Element.UINT8) {
      return new DenseFeature(
          column.name(),
          Arrays.stream(column.shape()).boxed().toList(),
          DenseEncoding.UINT8,
          batch.scale(column.name()),
          ByteBuffer.wrap(column.stored(row)));
    }
    float[] values = new float[column.width()];
    column.read(row, values, 0);
    return DenseFeatures.floats(column.name(), values, column.shape());
  }

  private static @Nullable List<Double> label(@Nullable ArrowColumn label, int row) {
    return label == null || label.isNull(row)
        ? null
        : IntStream.range(0, label.width()).mapToObj(i -> label.get(row, i)).toList();
  }

  private static ArrowFrames.Frame first(ArrowFrames frames) throws UnreadableRecordException {
    ArrowFrames.Frame frame = frames.next();
    if (frame == null || frame.message().headerType() != MessageHeader.Schema) {
      throw new UnreadableRecordException(
          "not an Arrow IPC stream: its first message must be a schema");
    }
    return frame;
  }

  private static long add(long rows, long more, int bytes) throws UnreadableRecordException {
    if (more < 0 || more > bytes || rows + more > bytes) {
      throw new UnreadableRecordException(
          "the Arrow stream is damaged: it claims more rows than it has bytes");
    }
    return rows + more;
  }

  private interface Reading<T> {
    T run() throws UnreadableRecordException;
  }

  /**
   * Damaged flatbuffers and offsets show as all kinds of unchecked exceptions in the libraries that
   * follow them.
   */
  private static <T> T guarded(Reading<T> reading) throws UnreadableRecordException {
    try {
      return reading.run();
    } catch (RuntimeException e) {
      throw new UnreadableRecordException("the Arrow stream is damaged: " + e, e);
    }
  }
}
