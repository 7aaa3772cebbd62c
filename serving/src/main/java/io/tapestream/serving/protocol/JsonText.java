package io.tapestream.serving.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** JSON of requests, with bounds on what it may look like, and of replies. */
public final class JsonText {
  /** Arrays and objects in each other; a tensor of the highest rank needs far fewer. */
  private static final int MAX_DEPTH = 64;

  private static final int MAX_NUMBER_LENGTH = 1000;
  private static final int MAX_STRING_LENGTH = 1 << 16;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .maxStringLength(MAX_STRING_LENGTH)
                  .maxNameLength(1024)
                  .build())
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          // To say of NaN that it is no number a model takes, rather than that it is no JSON.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build();

  private JsonText() {}

  /** Reads a body, token by token. */
  @FunctionalInterface
  public interface Reader<T> {
    /** Reads from the parser, which stands before the first token. */
    T read(JsonParser parser) throws IOException;
  }

  /**
   * Reads the first {@code length} bytes of a body.
   *
   * @throws RequestException with status 400 if they are no JSON, saying where
   */
  public static <T> T read(byte[] body, int length, Reader<T> reader) {
    try (JsonParser parser = FACTORY.createParser(body, 0, length)) {
      return reader.read(parser);
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : " at line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw new RequestException(400, "the body is no JSON: " + e.getOriginalMessage() + where);
    } catch (IOException e) { // broken UTF-8
      throw new RequestException(400, "the body is no JSON: " + e.getMessage());
    }
  }

  /** What a token is, for a message. */
  public static String describe(@Nullable JsonToken token) {
    if (token == null) {
      return "missing";
    }
    return switch (token) {
      case START_ARRAY -> "an array";
      case START_OBJECT -> "an object";
      case VALUE_STRING -> "a string";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NULL -> "null";
      default -> "a number";
    };
  }

  /** Writes into an object or array that is open. */
  @FunctionalInterface
  public interface Fields {
    /** Writes the fields. */
    void write(JsonGenerator out) throws IOException;
  }

  /** An object with these fields. */
  public static byte[] object(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      out.writeStartObject();
      fields.write(out);
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a write to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
