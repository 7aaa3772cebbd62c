package io.tapestream.schemas;

import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.vector.types.pojo.Schema;

/** Reads the schema message of an Arrow stream, checked first against what damaged bytes can do. */
final class ArrowSchemas {
  private static final int DEEPEST = 16;
  private static final int MOST_FIELDS = 65_536;

  private ArrowSchemas() {}

  static Schema read(Message message) throws UnreadableRecordException {
    var schema =
        (org.apache.arrow.flatbuf.Schema) message.header(new org.apache.arrow.flatbuf.Schema());
    if (schema == null) {
      throw new UnreadableRecordException("the Arrow stream is damaged: its schema is empty");
    }
    if (schema.endianness() != Endianness.Little) {
      throw new UnreadableRecordException("the Arrow stream is big-endian: write it little-endian");
    }
    int fields = 0;
    for (int i = 0; i < schema.fieldsLength(); i++) {
      fields = count(schema.fields(i), 1, fields);
    }
    return Schema.convertSchema(schema);
  }

  /** Offsets in a damaged flatbuffer can run in circles. */
  private static int count(Field field, int depth, int before) throws UnreadableRecordException {
    int fields = before + 1;
    if (depth > DEEPEST || fields > MOST_FIELDS) {
      throw new UnreadableRecordException(
          "the Arrow stream's schema is damaged, or has more than %d levels or %d fields"
              .formatted(DEEPEST, MOST_FIELDS));
    }
    for (int i = 0; i < field.childrenLength(); i++) {
      fields = count(field.children(i), depth + 1, fields);
    }
    return fields;
  }
}
