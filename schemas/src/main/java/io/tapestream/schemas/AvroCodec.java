package io.tapestream.schemas;

import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.DeadLetter;
import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import io.tapestream.schemas.avro.VersionAnnouncement;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.avro.util.ClassSecurityValidator;
import org.jspecify.annotations.Nullable;

/**
 * Turns records into bytes and back in Avro's single-object encoding, so that schemas can change
 * under running readers:
 *
 * <pre>
 *   byte  0        2                              10
 *         +--------+------------------------------+----------------------------+
 *         | C3 01  | CRC-64-AVRO of the writer's  | the record in Avro binary, |
 *         |        | schema, little-endian        | to the last byte           |
 *         +--------+------------------------------+----------------------------+
 * </pre>
 *
 * The fingerprint picks the writer's schema among the released versions, which lie as {@code
 * versions/NAME-1.avsc}, {@code NAME-2.avsc}, ... beside this class; the newest is the one written.
 * A writer of version n is read by readers of every version that knows n. A codec is immutable and
 * may be used by several threads.
 *
 * @param <T> the generated class of the record
 */
public final class AvroCodec<T extends SpecificRecordBase> {
  /** How many bytes precede the record: two magic bytes and eight of the fingerprint. */
  public static final int HEADER_BYTES = 10;

  private static final byte MAGIC_0 = (byte) 0xC3;
  private static final byte MAGIC_1 = 0x01;

  static {
    GeneratedClasses.trust();
  }

  private final Schema schema;
  private final SpecificData data = new GeneratedClasses();
  private final DatumWriter<T> writer;
  private final byte[] header;
  private final Map<Long, DatumReader<T>> readers = new HashMap<>();

  /**
   * The codec of training examples.
   *
   * @return a codec
   */
  public static AvroCodec<TrainingExample> examples() {
    return new AvroCodec<>(TrainingExample.getClassSchema(), released("TrainingExample"));
  }

  /**
   * The codec of announcements of versions.
   *
   * @return a codec
   */
  public static AvroCodec<VersionAnnouncement> announcements() {
    return new AvroCodec<>(VersionAnnouncement.getClassSchema(), released("VersionAnnouncement"));
  }

  /**
   * The codec of dead letters.
   *
   * @return a codec
   */
  public static AvroCodec<DeadLetter> deadLetters() {
    return new AvroCodec<>(DeadLetter.getClassSchema(), released("DeadLetter"));
  }

  /**
   * Makes a codec.
   *
   * @param schema the schema that records are written and returned in
   * @param known the schemas that records to be read may have been written in
   */
  AvroCodec(Schema schema, List<Schema> known) {
    this.schema = schema;
    writer = new SpecificDatumWriter<>(schema, data);
    long fingerprint = SchemaNormalization.parsingFingerprint64(schema);
    header = header(fingerprint);
    readers.put(fingerprint, new BoundedReader<>(schema, schema, data));
    for (Schema version : known) {
      readers.putIfAbsent(
          SchemaNormalization.parsingFingerprint64(version),
          new BoundedReader<>(version, schema, data));
    }
  }

  /**
   * The released versions of a record's schema, oldest first.
   *
   * @param record the record's simple name
   * @return the schemas, version 1 first
   */
  static List<Schema> released(String record) {
    List<Schema> versions = new ArrayList<>();
    while (true) {
      String name = "versions/%s-%d.avsc".formatted(record, versions.size() + 1);
      try (InputStream in = AvroCodec.class.getResourceAsStream(name)) {
        if (in == null) {
          return versions;
        }
        versions.add(new Schema.Parser().parse(in));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read the schema " + name, e);
      }
    }
  }

  /**
   * Says whether bytes begin like a single object; an Arrow stream never does.
   *
   * @param bytes a record's bytes
   * @return whether the two magic bytes are there
   */
  public static boolean isSingleObject(byte[] bytes) {
    return bytes.length >= 2 && bytes[0] == MAGIC_0 && bytes[1] == MAGIC_1;
  }

  /**
   * The first {@link #HEADER_BYTES} bytes of every record this codec writes.
   *
   * @return a copy
   */
  public byte[] header() {
    return header.clone();
  }

  /**
   * Writes a record.
   *
   * @param record the record; fields without a value must have been given their defaults, as the
   *     generated builder does
   * @return header and record
   */
  public byte[] encode(T record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.writeBytes(header);
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    try {
      writer.write(record, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("a write to memory failed", e);
    }
    return out.toByteArray();
  }

  /**
   * Reads a record written in any known version.
   *
   * @param bytes header and record, nothing after
   * @return the record in the current version; fields the writer did not know have their defaults
   * @throws UnknownSchemaException if the fingerprint is not known
   * @throws UnreadableRecordException if the bytes are no single object, or are truncated, damaged
   *     or followed by others
   */
  public T decode(byte[] bytes) throws UnreadableRecordException {
    if (bytes.length < HEADER_BYTES || !isSingleObject(bytes)) {
      throw new UnreadableRecordException(
          "not an Avro single object: it must begin with the bytes C3 01 and the schema's fingerprint, and has %d bytes"
              .formatted(bytes.length));
    }
    long fingerprint = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    DatumReader<T> reader = readers.get(fingerprint);
    if (reader == null) {
      throw new UnknownSchemaException(schema.getName(), fingerprint, readers.size());
    }
    BinaryDecoder decoder =
        DecoderFactory.get().binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null);
    T record;
    try {
      record = reader.read(null, decoder);
      if (decoder.isEnd()) {
        return record;
      }
    } catch (IOException
        | AvroRuntimeException
        | IndexOutOfBoundsException
        | UnsupportedOperationException e) {
      throw new UnreadableRecordException(
          "not a whole %s in %d bytes: %s"
              .formatted(schema.getName(), bytes.length, e.getMessage()),
          e);
    }
    throw new UnreadableRecordException(
        "bytes follow the " + schema.getName() + " they should end with");
  }

  private static byte[] header(long fingerprint) {
    return ByteBuffer.allocate(HEADER_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC_0)
        .put(MAGIC_1)
        .putLong(fingerprint)
        .array();
  }

  /**
   * Finds this module's classes itself: Avro's own lookup by name refuses all that no system
   * property lists.
   */
  private static final class GeneratedClasses extends SpecificData {
    private static final Map<String, Class<?>> CLASSES =
        Stream.of(
                TrainingExample.class,
                DenseFeature.class,
                DenseEncoding.class,
                CategoricalFeature.class,
                VersionAnnouncement.class,
                DeadLetter.class)
            .collect(Collectors.toUnmodifiableMap(Class::getName, c -> c));

    /**
     * Lets the generated builders fill in defaults, for which Avro looks their classes up by name.
     * By name here too: what Avro keeps must not hold on to a class loader.
     */
    static void trust() {
      ClassSecurityValidator.Builder ours = ClassSecurityValidator.builder();
      CLASSES.keySet().forEach(ours::add);
      ClassSecurityValidator.setGlobal(
          ClassSecurityValidator.composite(ClassSecurityValidator.getGlobal(), ours.build()));
    }

    GeneratedClasses() {
      addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
      setCustomCoders(false); // they size arrays by what damaged bytes claim
      setFastReaderEnabled(false); // so does the fast reader
    }

    @Override
    @SuppressWarnings("rawtypes") // as Avro declares it
    public @Nullable Class getClass(Schema schema) {
      return switch (schema.getType()) {
        case RECORD, ENUM -> CLASSES.get(schema.getFullName());
        default -> super.getClass(schema);
      };
    }
  }

  /**
   * A reader that lets arrays grow as their elements arrive, whatever length damaged bytes claim.
   */
  private static final class BoundedReader<T> extends SpecificDatumReader<T> {
    private static final int MOST_FORESEEN = 1024;

    BoundedReader(Schema writer, Schema reader, SpecificData data) {
      super(writer, reader, data);
    }

    @Override
    protected Object newArray(Object old, int size, Schema schema) {
      return super.newArray(old, Math.min(size, MOST_FORESEEN), schema);
    }
  }
}
