package io.tapestream.operators.decode;

import io.tapestream.operators.decode.FeatureLayout.Feature;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.UnknownSchemaException;
import io.tapestream.schemas.UnreadableRecordException;
import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.TrainingExample;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads Avro training examples straight into a batch's columns. The walk follows the current
 * schema's fields in their order:
 *
 * <pre>
 * header (10 bytes) · id · eventTime · dense{name shape encoding scale values}* · categorical{name ids}* · label? · weight
 * </pre>
 *
 * What lies before a feature's values (its lead) is compared with the lead at the same place in the
 * record before, and parsed only where it differs. Records of other known versions are brought to
 * the current one first.
 */
final class AvroRows {
  private static final VarHandle FLOATS =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long FLOAT32 = DenseEncoding.getClassSchema().getEnumOrdinal("FLOAT32");
  private static final long UINT8 = DenseEncoding.getClassSchema().getEnumOrdinal("UINT8");
  private static final int BULK = 16;
  private static final int UNKNOWN = -1;

  /**
   * What the record before had at some place.
   *
   * @param feature which of the model's features; UNKNOWN if it is none
   * @param lead name, shape, encoding, scale and length of the values, as bytes
   * @param length of the values in bytes
   * @param byByte what each byte stands for; null if the values are FLOAT32
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Place(int feature, byte[] lead, int length, float @Nullable [] byByte) {}

  private final AvroCodec<TrainingExample> codec = AvroCodec.examples();
  private final byte[] header = codec.header();
  private final Checks checks;
  private final Feature[] features;
  private final byte[][] names;
  private final long[] seenIn;
  private @Nullable Place[] places;
  private long example;

  AvroRows(FeatureLayout layout, Checks checks) {
    this.checks = checks;
    features = layout.features().toArray(Feature[]::new);
    names = new byte[features.length][];
    for (int f = 0; f < features.length; f++) {
      names[f] = features[f].name().getBytes(StandardCharsets.UTF_8);
    }
    seenIn = new long[features.length];
    places = new Place[features.length];
  }

  /** Reads one record into the columns' next row and keeps it. */
  void read(byte[] value, BatchColumns columns) throws RejectedExampleException {
    byte[] bytes = value;
    if (!Arrays.equals(bytes, 0, Math.min(bytes.length, header.length), header, 0, header.length)) {
      bytes = current(value);
    }
    AvroCursor in = new AvroCursor(bytes, header.length);
    in.skipBytes(); // id
    in.readLong(); // eventTime
    readDense(in, columns);
    skipCategorical(in);
    readLabel(in, columns);
    float weight = checks.weight(in.readFloat());
    in.requireEnd();
    columns.accept(weight);
  }

  /** The record as the current version writes it. */
  private byte[] current(byte[] value) throws RejectedExampleException {
    if (value.length == 0) {
      throw new RejectedExampleException(Reason.EMPTY, "the record has no value");
    }
    try {
      return codec.encode(codec.decode(value));
    } catch (UnknownSchemaException e) {
      throw new RejectedExampleException(Reason.UNKNOWN_SCHEMA, String.valueOf(e.getMessage()));
    } catch (UnreadableRecordException e) {
      throw new RejectedExampleException(Reason.UNREADABLE, String.valueOf(e.getMessage()));
    }
  }

  private void readDense(AvroCursor in, BatchColumns columns) throws RejectedExampleException {
    example++;
    int index = 0;
    int found = 0;
    for (long left = in.readBlock(); left > 0; left = in.readBlock()) {
      for (; left > 0; left--) {
        Place place = recognise(in, index++);
        int from = in.skip(place.length());
        int f = place.feature();
        if (f != UNKNOWN) {
          if (seenIn[f] == example) {
            throw new RejectedExampleException(
                Reason.REPEATED_FEATURE, "feature '" + features[f].name() + "' is there twice");
          }
          seenIn[f] = example;
          found++;
          int at = columns.featuresFrom() + features[f].offset();
          readValues(in.bytes(), from, place, columns.features(), at);
        }
      }
    }
    if (found < features.length) {
      for (int f = 0; f < features.length; f++) {
        if (seenIn[f] != example) {
          throw Checks.missing(features[f].name());
        }
      }
    }
  }

  /** Reads up to a feature's values. */
  private Place recognise(AvroCursor in, int index) throws RejectedExampleException {
    if (index == places.length) {
      places = Arrays.copyOf(places, 2 * index + 1);
    }
    Place before = places[index];
    if (before != null && in.skipIfNext(before.lead())) {
      return before;
    }
    int start = in.at();
    int f = find(in);
    int[] shape = in.readInts();
    if (f != UNKNOWN && !features[f].accepts(shape)) {
      throw Checks.wrongShape(features[f], "shape " + Arrays.toString(shape));
    }
    boolean bytewise = readEncoding(in);
    float scale = in.readFloat();
    int length = in.readLength();
    byte[] lead = Arrays.copyOfRange(in.bytes(), start, in.at());
    if (f != UNKNOWN) {
      int needed = (bytewise ? 1 : Float.BYTES) * features[f].size();
      if (length != needed) {
        throw Checks.wrongShape(
            features[f], "%d bytes of values instead of %d".formatted(length, needed));
      }
    }
    Place place =
        new Place(f, lead, length, f != UNKNOWN && bytewise ? table(features[f], scale) : null);
    places[index] = place;
    return place;
  }

  private int find(AvroCursor in) throws RejectedExampleException {
    int length = in.readLength();
    int from = in.skip(length);
    for (int f = 0; f < names.length; f++) {
      if (Arrays.equals(in.bytes(), from, from + length, names[f], 0, names[f].length)) {
        return f;
      }
    }
    return UNKNOWN;
  }

  /** Whether values are UINT8; else they are FLOAT32. */
  private static boolean readEncoding(AvroCursor in) throws RejectedExampleException {
    long symbol = in.readLong();
    if (symbol != FLOAT32 && symbol != UINT8) {
      throw in.damaged("a feature has an encoding that is not known here (%d)".formatted(symbol));
    }
    return symbol == UINT8;
  }

  private static float[] table(Feature feature, float scale) throws RejectedExampleException {
    float[] table = new float[256];
    for (int i = 0; i < 256; i++) {
      table[i] = DenseFeatures.fromByte((byte) i, scale);
    }
    if (!Float.isFinite(table[255])) {
      throw new RejectedExampleException(
          Reason.NOT_FINITE, "feature '%s' has the scale %s".formatted(feature.name(), scale));
    }
    return table;
  }

  private void readValues(byte[] bytes, int from, Place place, float[] row, int at)
      throws RejectedExampleException {
    Feature feature = features[place.feature()];
    int size = feature.size();
    float[] byByte = place.byByte();
    if (byByte != null) {
      for (int i = 0; i < size; i++) {
        row[at + i] = byByte[bytes[from + i] & 0xFF];
      }
      return;
    }
    if (size < BULK) {
      float zero = 0;
      for (int i = 0; i < size; i++) {
        float value = (float) FLOATS.get(bytes, from + Float.BYTES * i);
        row[at + i] = value;
        zero += value * 0f; // NaN if one is not finite
      }
      if (zero == 0) {
        return;
      }
    } else {
      ByteBuffer.wrap(bytes, from, place.length())
          .slice()
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(row, at, size);
    }
    checks.finite(feature.name(), row, at, size);
  }

  private static void skipCategorical(AvroCursor in) throws RejectedExampleException {
    for (long left = in.readBlock(); left > 0; left = in.readBlock()) {
      for (; left > 0; left--) {
        in.skipBytes(); // name
        for (long ids = in.readBlock(); ids > 0; ids = in.readBlock()) {
          for (; ids > 0; ids--) {
            in.readLong();
          }
        }
      }
    }
  }

  private void readLabel(AvroCursor in, BatchColumns columns) throws RejectedExampleException {
    int wanted = columns.labelColumns();
    long branch = in.readLong();
    if (branch == 0) {
      if (wanted > 0) {
        throw Checks.missingLabel();
      }
      return;
    }
    if (branch != 1) {
      throw in.damaged("the label is of an unknown kind");
    }
    long found = 0;
    int at = columns.labelsFrom();
    for (long left = in.readBlock(); left > 0; left = in.readBlock()) {
      for (; left > 0; left--) {
        double value = in.readDouble();
        if (found < wanted) {
          columns.labels()[at + (int) found] = checks.label(value);
        }
        found++;
      }
    }
    if (wanted > 0) {
      Checks.labelSize(found, wanted);
    }
  }
}
