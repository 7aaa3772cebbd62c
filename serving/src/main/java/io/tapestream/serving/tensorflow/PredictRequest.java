package io.tapestream.serving.tensorflow;

import io.tapestream.serving.protocol.Examples;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.RequestException;
import org.jspecify.annotations.Nullable;

/**
 * The body of a predict request: {@code {"instances": …}} in rows or {@code {"inputs": …}} in
 * columns, and perhaps a {@code "signature_name"}.
 *
 * @param inColumns whether the answer is expected in columns too
 */
record PredictRequest(Examples examples, boolean inColumns) {
  private static final String EXAMPLE = "{\"instances\": [...]} or {\"inputs\": ...}";

  /**
   * Reads a body.
   *
   * @throws RequestException with status 400 saying where the body is wrong and what the model
   *     takes
   */
  static PredictRequest read(byte[] body, InputLayout layout) {
    Found found = new Found();
    Body.read(
        body,
        layout,
        "predict",
        EXAMPLE,
        (key, parser) -> {
          switch (key) {
            case RowForm.KEY -> found.rows = RowForm.read(parser, layout);
            case ColumnForm.KEY -> found.columns = ColumnForm.read(parser, layout);
            default -> {
              return false;
            }
          }
          return true;
        });
    if (found.rows != null && found.columns != null) {
      throw layout.bad("both \"instances\" and \"inputs\" are given: send one of them");
    }
    if (found.rows != null) {
      return new PredictRequest(found.rows, false);
    }
    if (found.columns != null) {
      return new PredictRequest(found.columns, true);
    }
    throw layout.bad("\"instances\" is missing: send " + EXAMPLE);
  }

  private static final class Found {
    private @Nullable Examples rows;
    private @Nullable Examples columns;
  }
}
