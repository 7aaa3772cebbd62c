package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.protocol.Examples;
import io.tapestream.serving.protocol.FloatBuilder;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonText;
import java.io.IOException;
import java.util.List;

/**
 * The examples of a predict request in rows, read in one pass:
 *
 * <pre>
 * "instances": [X, …]                   X: one example, nested as the input shape says
 * "instances": [{"image": X}, …]        the model's only feature by its name
 * "instances": [{"a": 1, "b": [2, 3]}]  several features by name, in any order; each flattened, then laid end to end as the signature orders them
 * </pre>
 */
final class RowForm {
  static final String KEY = "instances";

  private final JsonParser parser;
  private final InputLayout layout;
  private final NamedFeatures named;
  private final FloatBuilder values = new FloatBuilder();

  private RowForm(JsonParser parser, InputLayout layout) {
    this.parser = parser;
    this.layout = layout;
    this.named = new NamedFeatures(parser, layout);
  }

  /** Reads the value of {@code "instances"}, at which the parser stands. */
  static Examples read(JsonParser parser, InputLayout layout) throws IOException {
    return new RowForm(parser, layout).read();
  }

  private Examples read() throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw layout.bad("\"" + KEY + "\" must be an array of examples");
    }
    boolean oneFeature = layout.signature().features().size() == 1;
    boolean oneNumber = layout.signature().inputShape().equals(List.of(1));
    int rows = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String where = KEY + "[" + rows + "]";
      if (parser.currentToken() == JsonToken.START_OBJECT && !oneFeature) {
        named.read(where, values);
      } else if (parser.currentToken() == JsonToken.START_OBJECT) {
        readOnly(where);
      } else {
        nested(where, oneNumber && isNumber() ? 1 : 0);
      }
      rows++;
    }
    if (rows == 0) {
      throw layout.bad("\"" + KEY + "\" is empty: send at least one example");
    }
    return new Examples(values.toArray(), rows);
  }

  /** An object with the only feature, nested as the input shape says. */
  private void readOnly(String where) throws IOException {
    String feature = layout.signature().features().get(0);
    boolean found = false;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      if (!name.equals(feature)) {
        throw layout.bad(where + " names \"" + name + "\", which is no feature of the model");
      }
      if (found) {
        throw layout.bad(where + " gives \"" + name + "\" twice");
      }
      found = true;
      nested(where + "." + name, 0);
    }
    if (!found) {
      throw layout.bad(where + " lacks feature \"" + feature + "\"");
    }
  }

  /** Reads a value that must be nested as the input shape says from dimension {@code depth} on. */
  private void nested(String where, int depth) throws IOException {
    List<Integer> shape = layout.signature().inputShape();
    if (depth == shape.size()) {
      values.add(NamedFeatures.number(parser, layout, where));
      return;
    }
    int expected = shape.get(depth);
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw layout.bad(
          where
              + " is "
              + JsonText.describe(parser.currentToken())
              + " where an array of "
              + expected
              + " is expected");
    }
    int length = depth + 1 == shape.size() ? numbers(where, expected) : arrays(where, depth);
    if (length != expected) {
      throw layout.bad(where + " has length " + length + " where " + expected + " is expected");
    }
  }

  private int arrays(String where, int depth) throws IOException {
    int expected = layout.signature().inputShape().get(depth);
    int length = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (length < expected) {
        nested(where + "[" + length + "]", depth + 1);
      } else {
        parser.skipChildren();
      }
      length++;
    }
    return length;
  }

  /** The innermost arrays, without a word about each element unless it is wrong. */
  private int numbers(String where, int expected) throws IOException {
    int length = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (length >= expected) {
        parser.skipChildren();
      } else {
        float value = isNumber() ? parser.getFloatValue() : Float.NaN;
        if (!Float.isFinite(value)) {
          value = NamedFeatures.number(parser, layout, where + "[" + length + "]"); // throws
        }
        values.add(value);
      }
      length++;
    }
    return length;
  }

  private boolean isNumber() {
    JsonToken token = parser.currentToken();
    return token != null && token.isNumeric();
  }
}
