package io.tapestream.serving.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tapestream.files.Manifest;
import io.tapestream.serving.follow.Predictions;
import io.tapestream.serving.follow.Rejection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The bodies of the server's answers. */
final class Responses {
  private static final JsonFactory JSON = new JsonFactory();

  private Responses() {}

  /** {@code {"predictions": [[…], …]}}, nested as the outputs' shape says. */
  static byte[] predictions(Predictions predictions) throws IOException {
    return json(
        out -> {
          out.writeArrayFieldStart("predictions");
          int rows = predictions.rows();
          int width = predictions.values().length / rows;
          for (int row = 0; row < rows; row++) {
            writeNested(out, predictions, 1, row * width, width);
          }
          out.writeEndArray();
        });
  }

  private static void writeNested(
      JsonGenerator out, Predictions predictions, int depth, int from, int size)
      throws IOException {
    if (depth == predictions.shape().size()) {
      float value = predictions.values()[from];
      if (!Float.isFinite(value)) {
        throw new RequestException(
            500,
            "version "
                + predictions.version().version()
                + " answered with "
                + value
                + ", which JSON can't hold");
      }
      out.writeNumber(value);
      return;
    }
    int length = predictions.shape().get(depth);
    int step = size / length;
    out.writeStartArray();
    for (int i = 0; i < length; i++) {
      writeNested(out, predictions, depth + 1, from + i * step, step);
    }
    out.writeEndArray();
  }

  /**
   * {@code {"model_version_status": […]}}: the version that answers, and those that were rejected.
   */
  static byte[] status(Optional<Manifest> serving, List<Rejection> rejections) throws IOException {
    return json(
        out -> {
          out.writeArrayFieldStart("model_version_status");
          for (int i = rejections.size() - 1; i >= 0; i--) {
            Rejection rejection = rejections.get(i);
            versionStatus(out, rejection.version(), "END", "DATA_LOSS", rejection.reason());
          }
          if (serving.isPresent()) {
            versionStatus(out, serving.get().version(), "AVAILABLE", "OK", "");
          }
          out.writeEndArray();
        });
  }

  private static void versionStatus(
      JsonGenerator out, long version, String state, String code, String message)
      throws IOException {
    out.writeStartObject();
    out.writeStringField("version", Long.toString(version));
    out.writeStringField("state", state);
    out.writeObjectFieldStart("status");
    out.writeStringField("error_code", code);
    out.writeStringField("error_message", message);
    out.writeEndObject();
    out.writeEndObject();
  }

  /**
   * {@code {"model_spec": …, "metadata": MANIFEST}}: what the version takes and where it comes
   * from.
   */
  static byte[] metadata(Manifest manifest) throws IOException {
    return json(
        out -> {
          out.writeObjectFieldStart("model_spec");
          out.writeStringField("name", manifest.model());
          out.writeStringField("signature_name", "serving_default");
          out.writeStringField("version", Long.toString(manifest.version()));
          out.writeEndObject();
          out.writeFieldName("metadata");
          out.writeRawValue(manifest.toJson());
        });
  }

  /** {@code {"error": MESSAGE}}. */
  static byte[] error(String message) throws IOException {
    return json(out -> out.writeStringField("error", message));
  }

  /** {@code {"status": STATUS}}. */
  static byte[] health(String status) throws IOException {
    return json(out -> out.writeStringField("status", status));
  }

  @FunctionalInterface
  private interface Fields {
    void write(JsonGenerator out) throws IOException;
  }

  private static byte[] json(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      fields.write(out);
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }
}
