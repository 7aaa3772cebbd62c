package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.protocol.Examples;
import io.tapestream.serving.protocol.FloatBuilder;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.util.Map;

/**
 * The body of a classify or regress request:
 *
 * <pre>
 * {"context": {"a": 1}, "examples": [{"b": [2, 3]}, …]}     each feature a number or a list, here or there
 * </pre>
 */
final class ExamplesRequest {
  private static final String KEY = "examples";
  private static final String CONTEXT = "context";
  private static final String EXAMPLE = "{\"examples\": [{...}]}";

  private ExamplesRequest() {}

  /**
   * Reads a body. The context may stand before the examples or after them, so it is looked for
   * first.
   *
   * @throws RequestException with status 400 saying where the body is wrong and what the model
   *     takes
   */
  static Examples read(byte[] body, InputLayout layout, String verb) {
    Found found = new Found();
    Body.read(
        body,
        layout,
        verb,
        EXAMPLE,
        (key, parser) -> {
          if (key.equals(CONTEXT)) {
            found.context = new NamedFeatures(parser, layout).features(CONTEXT);
            return true;
          }
          parser.skipChildren();
          return key.equals(KEY);
        });
    Body.read(
        body,
        layout,
        verb,
        EXAMPLE,
        (key, parser) -> {
          if (key.equals(KEY)) {
            examples(parser, layout, found);
          } else {
            parser.skipChildren();
          }
          return true;
        });
    if (found.rows == 0) {
      throw layout.bad("\"" + KEY + "\" is missing or empty: send " + EXAMPLE);
    }
    return new Examples(found.values.toArray(), found.rows);
  }

  private static void examples(JsonParser parser, InputLayout layout, Found found)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw layout.bad(
          "\""
              + KEY
              + "\" is "
              + JsonText.describe(parser.currentToken())
              + " where an array is expected");
    }
    NamedFeatures features = new NamedFeatures(parser, layout, found.context);
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      features.read(KEY + "[" + found.rows + "]", found.values);
      found.rows++;
    }
  }

  private static final class Found {
    private Map<String, FloatBuilder> context = Map.of();
    private final FloatBuilder values = new FloatBuilder();
    private int rows;
  }
}
