package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.follow.NamedValues;
import io.tapestream.serving.protocol.Examples;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonNumbers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The examples of a predict request in columns:
 *
 * <pre>
 * "inputs": [X, …]                              one tensor (rows, …input shape)
 * "inputs": {"image": [X, …]}                   the same by the feature's name
 * "inputs": {"a": [1, 2], "b": [[2, 3], …]}     several features (rows, …)
 * </pre>
 */
final class ColumnForm {
  static final String KEY = "inputs";

  private ColumnForm() {}

  /** Reads the value of {@code "inputs"}, at which the parser stands. */
  static Examples read(JsonParser parser, InputLayout layout) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      JsonNumbers whole = JsonNumbers.read(parser, KEY, false);
      return layout.whole("\"" + KEY + "\"", rowsFirst(whole, KEY, layout), whole.values());
    }
    List<NamedValues> tensors = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      String where = KEY + "." + name;
      parser.nextToken();
      JsonNumbers numbers = JsonNumbers.read(parser, where, false);
      tensors.add(new NamedValues(name, rowsFirst(numbers, where, layout), numbers.values()));
    }
    if (tensors.isEmpty()) {
      throw layout.bad("\"" + KEY + "\" names no tensor");
    }
    return layout.of(tensors);
  }

  private static List<Integer> rowsFirst(JsonNumbers numbers, String where, InputLayout layout) {
    if (numbers.shape().isEmpty()) {
      throw layout.bad(where + " is a number where an array of rows is expected");
    }
    return numbers.shape();
  }
}
