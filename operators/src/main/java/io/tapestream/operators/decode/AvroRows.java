package io.tapestream.operators.decode;

import io.tapestream.operators.decode.FeatureLayout.Feature;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.UnknownSchemaException;
import io.tapestream.schemas.UnreadableRecordException;
import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/**
 * Reads Avro training examples straight into a batch's columns. The walk follows the current
 * schema's fields in their order:
 *
 * <pre>
 * header (10 bytes) · id · eventTime · dense{name shape encoding scale values}* · categorical{name ids}* · label? · weight
 * </pre>
 *
 * A feature is recognised by comparing the bytes of its name and shape with those expected at its
 * place in the record before. Records of other known versions are brought to the current one first.
 */
final class AvroRows {
  private static final VarHandle FLOATS =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long FLOAT32 = DenseEncoding.getClassSchema().getEnumOrdinal("FLOAT32");
  private static final long UINT8 = DenseEncoding.getClassSchema().getEnumOrdinal("UINT8");
  private static final int BULK = 16;
  private static final int UNKNOWN = -1;

  private final AvroCodec<TrainingExample> codec = AvroCodec.examples();
  private final byte[] header = codec.header();
  private final Checks checks;
  private final Feature[] features;
  private final byte[][] names;
  private final byte[][] beginnings; // name and shape as Avro writes them
  private final long[] seenIn;
  private final float[][] byByte; // values of UINT8 per feature, for the scale seen last
  private final float[] scales;
  private int[] places; // the feature at each place in the record before
  private long example;

  AvroRows(FeatureLayout layout, Checks checks) {
    this.checks = checks;
    features = layout.features().toArray(Feature[]::new);
    names = new byte[features.length][];
    beginnings = new byte[features.length][];
    seenIn = new long[features.length];
    byByte = new float[features.length][];
    scales = new float[features.length];
    places = new int[features.length];
    for (int f = 0; f < features.length; f++) {
      names[f] = features[f].name().getBytes(StandardCharsets.UTF_8);
      beginnings[f] = beginning(features[f]);
      places[f] = f;
    }
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
    int place = 0;
    int found = 0;
    for (long left = in.readBlock(); left > 0; left = in.readBlock()) {
      for (; left > 0; left--) {
        int f = recognise(in, place++);
        if (f == UNKNOWN) {
          skipFeature(in);
          continue;
        }
        if (seenIn[f] == example) {
          throw new RejectedExampleException(
              Reason.REPEATED_FEATURE, "feature '" + features[f].name() + "' is there twice");
        }
        seenIn[f] = example;
        found++;
        readValues(in, f, columns.features(), columns.featuresFrom() + features[f].offset());
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

  /** Reads a feature's name and, if the model needs it, its shape. */
  private int recognise(AvroCursor in, int place) throws RejectedExampleException {
    if (place == places.length) {
      places = Arrays.copyOf(places, 2 * place + 1);
      Arrays.fill(places, place, places.length, UNKNOWN);
    }
    int expected = places[place];
    if (expected != UNKNOWN && in.skipIfNext(beginnings[expected])) {
      return expected;
    }
    int f = find(in);
    places[place] = f;
    if (f != UNKNOWN) {
      int[] shape = in.readInts();
      if (!features[f].accepts(shape)) {
        throw Checks.wrongShape(features[f], "shape " + Arrays.toString(shape));
      }
    }
    return f;
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

  private static void skipFeature(AvroCursor in) throws RejectedExampleException {
    in.readInts();
    readEncoding(in);
    in.readFloat(); // scale
    in.skipBytes(); // values
  }

  private void readValues(AvroCursor in, int f, float[] row, int at)
      throws RejectedExampleException {
    Feature feature = features[f];
    boolean bytewise = readEncoding(in);
    float scale = in.readFloat();
    int length = in.readLength();
    int from = in.skip(length);
    int size = feature.size();
    if (!bytewise) {
      requireLength(feature, length, Float.BYTES * size);
      if (size < BULK) {
        for (int i = 0; i < size; i++) {
          row[at + i] = (float) FLOATS.get(in.bytes(), from + Float.BYTES * i);
        }
      } else {
        ByteBuffer.wrap(in.bytes(), from, length)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer()
            .get(row, at, size);
      }
    } else {
      requireLength(feature, length, size);
      float[] table = table(f, scale);
      byte[] bytes = in.bytes();
      for (int i = 0; i < size; i++) {
        row[at + i] = table[bytes[from + i] & 0xFF];
      }
    }
    checks.finite(feature.name(), row, at, size);
  }

  /** Whether values are UINT8; else they are FLOAT32. */
  private static boolean readEncoding(AvroCursor in) throws RejectedExampleException {
    long symbol = in.readLong();
    if (symbol != FLOAT32 && symbol != UINT8) {
      throw in.damaged("a feature has an encoding that is not known here (%d)".formatted(symbol));
    }
    return symbol == UINT8;
  }

  private static void requireLength(Feature feature, int found, int wanted)
      throws RejectedExampleException {
    if (found != wanted) {
      throw Checks.wrongShape(
          feature, "%d bytes of values where its shape has %d;".formatted(found, wanted));
    }
  }

  private float[] table(int f, float scale) {
    float[] table = byByte[f];
    if (table == null || scales[f] != scale) {
      table = new float[256];
      for (int i = 0; i < 256; i++) {
        table[i] = DenseFeatures.fromByte((byte) i, scale);
      }
      byByte[f] = table;
      scales[f] = scale;
    }
    return table;
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

  /** Name and shape as Avro's encoder writes them, for the shape a producer most likely gives. */
  private static byte[] beginning(Feature feature) {
    int[] shape = feature.shape();
    List<Integer> likely =
        shape != null
            ? Arrays.stream(shape).boxed().toList()
            : feature.size() == 1 ? List.of() : List.of(feature.size());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    try {
      encoder.writeString(feature.name());
      encoder.writeArrayStart();
      encoder.setItemCount(likely.size());
      for (int extent : likely) {
        encoder.startItem();
        encoder.writeInt(extent);
      }
      encoder.writeArrayEnd();
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("a write to memory failed", e);
    }
    return out.toByteArray();
  }
}
