package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonText;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** The object that the body of every request is: its keys one after another, each at most once. */
final class Body {
  static final String SIGNATURE_NAME = "signature_name";
  static final String DEFAULT_SIGNATURE = "serving_default";

  private Body() {}

  /** Reads the value of a key. */
  @FunctionalInterface
  interface Value {
    /** Reads the value that the parser stands at; false if the key is unknown. */
    boolean read(String key, JsonParser parser) throws IOException;
  }

  /**
   * Reads a body.
   *
   * @param example what it should look like, for messages
   */
  static void read(byte[] body, InputLayout layout, String verb, String example, Value values) {
    JsonText.read(
        body,
        body.length,
        parser -> {
          if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw layout.bad("the body must be an object like " + example);
          }
          Set<String> seen = new HashSet<>();
          while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            parser.nextToken();
            if (!seen.add(key)) {
              throw layout.bad("\"" + key + "\" is given twice");
            }
            if (key.equals(SIGNATURE_NAME)) {
              checkSignature(parser, layout, verb);
            } else if (!values.read(key, parser)) {
              throw layout.bad("unknown key \"" + key + "\": send " + example);
            }
          }
          if (parser.nextToken() != null) {
            throw layout.bad("there is more after the body's object");
          }
          return seen;
        });
  }

  /** There is one signature; clients also call it after the method, as TensorFlow's models do. */
  private static void checkSignature(JsonParser parser, InputLayout layout, String verb)
      throws IOException {
    String name = parser.getValueAsString();
    if (!DEFAULT_SIGNATURE.equals(name) && !methodName(verb).equals(name)) {
      throw layout.bad(
          "signature_name \""
              + name
              + "\" is unknown: there is one signature, \""
              + DEFAULT_SIGNATURE
              + "\"");
    }
  }

  static String methodName(String verb) {
    return "tensorflow/serving/" + verb;
  }
}
