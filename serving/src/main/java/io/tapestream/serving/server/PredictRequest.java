package io.tapestream.serving.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.files.Signature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The body of a predict request in TensorFlow Serving's row form, read in one pass:
 *
 * <pre>
 * {"instances": [X, …]}                   X: one example, nested as the input shape says
 * {"instances": [{"image": X}, …]}        the model's only feature by its name
 * {"instances": [{"a": 1, "b": [2, 3]}]}  several features by name, in any order; each flattened, then laid end to end as the signature orders them
 * </pre>
 */
final class PredictRequest {
  private static final JsonFactory JSON = new JsonFactory();
  private static final String INSTANCES = "instances";

  private final JsonParser parser;
  private final Signature signature;
  private final FloatBuilder values = new FloatBuilder();
  private int rows;

  /**
   * The examples of a request, row by row.
   *
   * @param rows number of examples
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, compared by nobody
  record Examples(float[] values, int rows) {}

  private PredictRequest(JsonParser parser, Signature signature) {
    this.parser = parser;
    this.signature = signature;
  }

  /**
   * Reads a body.
   *
   * @throws RequestException with status 400 saying where the body is wrong and what the model
   *     takes
   */
  static Examples parse(byte[] body, Signature signature) throws IOException {
    try (JsonParser parser = JSON.createParser(body)) {
      PredictRequest request = new PredictRequest(parser, signature);
      request.readBody();
      return new Examples(request.values.toArray(), request.rows);
    } catch (JsonProcessingException e) {
      throw new RequestException(
          400,
          "the body is no JSON: "
              + e.getOriginalMessage()
              + " at line "
              + e.getLocation().getLineNr()
              + ", column "
              + e.getLocation().getColumnNr());
    }
  }

  private void readBody() throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw bad("the body must be an object like {\"instances\": [...]}");
    }
    boolean found = false;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case INSTANCES -> {
          if (found) {
            throw bad("\"instances\" is given twice");
          }
          found = true;
          readInstances();
        }
        case "signature_name" -> checkSignatureName();
        case "inputs" ->
            throw bad("the columnar form \"inputs\" is not served: send rows as \"instances\"");
        default -> throw bad("unknown key \"" + key + "\": send {\"instances\": [...]}");
      }
    }
    if (!found) {
      throw bad("\"instances\" is missing: send {\"instances\": [...]}");
    }
    if (parser.nextToken() != null) {
      throw bad("there is more after the body's object");
    }
  }

  private void checkSignatureName() throws IOException {
    String name = parser.getValueAsString();
    if (!"serving_default".equals(name)) {
      throw bad(
          "signature_name \""
              + name
              + "\" is unknown: there is one signature, \"serving_default\"");
    }
  }

  private void readInstances() throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw bad("\"instances\" must be an array of examples");
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String where = INSTANCES + "[" + rows + "]";
      if (parser.currentToken() == JsonToken.START_OBJECT) {
        readNamed(where);
      } else {
        readNested(where, 0, values);
      }
      rows++;
    }
    if (rows == 0) {
      throw bad("\"instances\" is empty: send at least one example");
    }
  }

  /** Reads a value that must be nested as the input shape says from dimension {@code depth} on. */
  private void readNested(String where, int depth, FloatBuilder into) throws IOException {
    List<Integer> shape = signature.inputShape();
    if (depth == shape.size()) {
      into.add(number(where));
      return;
    }
    int expected = shape.get(depth);
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw bad(
          where
              + " is "
              + describe(parser.currentToken())
              + " where an array of "
              + expected
              + " is expected");
    }
    int length = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (length < expected) {
        readNested(where + "[" + length + "]", depth + 1, into);
      } else {
        parser.skipChildren();
      }
      length++;
    }
    if (length != expected) {
      throw bad(where + " has length " + length + " where " + expected + " is expected");
    }
  }

  private void readNamed(String where) throws IOException {
    List<String> names = signature.features();
    List<@Nullable FloatBuilder> given = new ArrayList<>();
    names.forEach(name -> given.add(null));
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      int feature = names.indexOf(name);
      if (feature < 0) {
        throw bad(where + " names \"" + name + "\", which is no feature of the model");
      }
      FloatBuilder featureValues = new FloatBuilder();
      if (names.size() == 1) {
        readNested(where + "." + name, 0, featureValues);
      } else {
        readFlat(where + "." + name, featureValues);
      }
      given.set(feature, featureValues);
    }
    int size = 0;
    for (int i = 0; i < names.size(); i++) {
      FloatBuilder featureValues = given.get(i);
      if (featureValues == null) {
        throw bad(where + " lacks feature \"" + names.get(i) + "\"");
      }
      size += featureValues.size();
      values.addAll(featureValues);
    }
    if (size != signature.inputSize()) {
      throw bad(
          where
              + " has "
              + size
              + " values in all where "
              + signature.inputSize()
              + " are expected");
    }
  }

  /** Reads a number, or arrays of numbers in any nesting. */
  private void readFlat(String where, FloatBuilder into) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      into.add(number(where));
      return;
    }
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      readFlat(where + "[" + i + "]", into);
    }
  }

  private float number(String where) throws IOException {
    if (parser.currentToken() == null || !parser.currentToken().isNumeric()) {
      throw bad(where + " is " + describe(parser.currentToken()) + " where a number is expected");
    }
    float value = parser.getFloatValue();
    if (!Float.isFinite(value)) {
      throw bad(where + " is " + parser.getText() + ", which float32 can't hold");
    }
    return value;
  }

  private static String describe(@Nullable JsonToken token) {
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

  private RequestException bad(String what) {
    String named =
        signature.features().stream()
            .map(name -> "\"" + name + "\": …")
            .collect(Collectors.joining(", ", "{", "}"));
    return new RequestException(
        400,
        what
            + ". The model takes examples of shape "
            + signature.inputShape()
            + ", bare or as "
            + named);
  }
}
