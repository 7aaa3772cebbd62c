package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.protocol.FloatBuilder;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonText;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** One example as an object: the values of each feature by its name, flattened. */
final class NamedFeatures {
  private final JsonParser parser;
  private final InputLayout layout;
  private final Map<String, FloatBuilder> common;

  NamedFeatures(JsonParser parser, InputLayout layout) {
    this(parser, layout, Map.of());
  }

  /**
   * Reads from this parser.
   *
   * @param common features that all examples share, which none may give itself
   */
  NamedFeatures(JsonParser parser, InputLayout layout, Map<String, FloatBuilder> common) {
    this.parser = parser;
    this.layout = layout;
    this.common = common;
  }

  /** Reads the object that the parser stands at, and lays its features and the common ones down. */
  void read(String where, FloatBuilder into) throws IOException {
    Map<String, FloatBuilder> given = features(where);
    int size = 0;
    for (String name : layout.signature().features()) {
      FloatBuilder values = given.getOrDefault(name, common.get(name));
      if (values == null) {
        throw layout.bad(where + " lacks feature \"" + name + "\"");
      }
      size += values.size();
      into.addAll(values);
    }
    int expected = layout.signature().inputSize();
    if (size != expected) {
      throw layout.bad(
          where + " has " + size + " values in all where " + expected + " are expected");
    }
  }

  /** Reads the object that the parser stands at. */
  Map<String, FloatBuilder> features(String where) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw layout.bad(
          where
              + " is "
              + JsonText.describe(parser.currentToken())
              + " where an object of features is expected");
    }
    Map<String, FloatBuilder> given = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      if (!layout.signature().features().contains(name)) {
        throw layout.bad(where + " names \"" + name + "\", which is no feature of the model");
      }
      if (common.containsKey(name)) {
        throw layout.bad(where + " gives \"" + name + "\", which the context gives already");
      }
      FloatBuilder values = new FloatBuilder();
      flat(where + "." + name, values);
      if (given.put(name, values) != null) {
        throw layout.bad(where + " gives \"" + name + "\" twice");
      }
    }
    return given;
  }

  /** Reads a number, or arrays of numbers in any nesting. */
  private void flat(String where, FloatBuilder into) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      into.add(number(parser, layout, where));
      return;
    }
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      flat(where + "[" + i + "]", into);
    }
  }

  /** The number that the parser stands at. */
  static float number(JsonParser parser, InputLayout layout, String where) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null || !token.isNumeric()) {
      throw layout.bad(where + " is " + JsonText.describe(token) + " where a number is expected");
    }
    float value = parser.getFloatValue();
    if (!Float.isFinite(value)) {
      throw layout.bad(where + " is " + parser.getText() + ", which float32 can't hold");
    }
    return value;
  }
}
