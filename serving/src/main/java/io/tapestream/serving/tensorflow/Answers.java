package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tapestream.serving.follow.NamedValues;
import io.tapestream.serving.follow.Predictions;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.util.List;

/**
 * The bodies of answers. A value that is not finite is written as the bare word {@code NaN}, {@code
 * Infinity} or {@code -Infinity}, as the API's description lays down under "JSON conformance".
 */
final class Answers {
  private Answers() {}

  /** {@code {"predictions": [Y, …]}}, or objects by name where the model has several outputs. */
  static byte[] rows(Predictions predictions) {
    List<NamedValues> outputs = predictions.outputs();
    return JsonText.object(
        out -> {
          out.writeArrayFieldStart("predictions");
          for (int row = 0; row < predictions.rows(); row++) {
            if (outputs.size() == 1) {
              row(out, outputs.get(0), row);
              continue;
            }
            out.writeStartObject();
            for (NamedValues output : outputs) {
              out.writeFieldName(output.name());
              row(out, output, row);
            }
            out.writeEndObject();
          }
          out.writeEndArray();
        });
  }

  /** {@code {"outputs": [Y, …]}}, or an object by name where the model has several outputs. */
  static byte[] columns(Predictions predictions) {
    List<NamedValues> outputs = predictions.outputs();
    return JsonText.object(
        out -> {
          out.writeFieldName("outputs");
          if (outputs.size() == 1) {
            column(out, outputs.get(0));
            return;
          }
          out.writeStartObject();
          for (NamedValues output : outputs) {
            out.writeFieldName(output.name());
            column(out, output);
          }
          out.writeEndObject();
        });
  }

  /**
   * {@code {"results": [[["label", 0.9], …], …]}}: for each example each class with its score,
   * which is the model's output as it is.
   *
   * @param labels names of the classes; empty where they have none
   * @throws RequestException with status 400 if the model is no classifier
   */
  static byte[] classes(Predictions predictions, List<String> labels) {
    NamedValues scores = only(predictions, "classify");
    if (scores.shape().size() != 2) {
      throw unfit("classify", "one score for each class", scores);
    }
    int classes = scores.shape().get(1);
    return JsonText.object(
        out -> {
          out.writeArrayFieldStart("results");
          for (int row = 0; row < scores.rows(); row++) {
            out.writeStartArray();
            for (int i = 0; i < classes; i++) {
              out.writeStartArray();
              out.writeString(labels.size() == classes ? labels.get(i) : "");
              out.writeNumber(scores.values()[row * classes + i]);
              out.writeEndArray();
            }
            out.writeEndArray();
          }
          out.writeEndArray();
        });
  }

  /**
   * {@code {"results": [1.5, …]}}: a number for each example.
   *
   * @throws RequestException with status 400 if the model answers with more
   */
  static byte[] regressions(Predictions predictions) {
    NamedValues values = only(predictions, "regress");
    if (values.values().length != values.rows()) {
      throw unfit("regress", "one number", values);
    }
    return JsonText.object(
        out -> {
          out.writeArrayFieldStart("results");
          for (float value : values.values()) {
            out.writeNumber(value);
          }
          out.writeEndArray();
        });
  }

  private static NamedValues only(Predictions predictions, String verb) {
    if (predictions.outputs().size() != 1) {
      throw new RequestException(
          400,
          verb
              + " takes a model with one output, this one has "
              + predictions.outputs().size()
              + ": use predict");
    }
    return predictions.outputs().get(0);
  }

  private static RequestException unfit(String verb, String wanted, NamedValues output) {
    return new RequestException(
        400,
        verb
            + " takes a model that answers an example with "
            + wanted
            + ", this one's output has shape "
            + output.shape().subList(1, output.shape().size())
            + ": use predict");
  }

  private static void column(JsonGenerator out, NamedValues output) throws IOException {
    out.writeStartArray();
    for (int row = 0; row < output.rows(); row++) {
      row(out, output, row);
    }
    out.writeEndArray();
  }

  private static void row(JsonGenerator out, NamedValues output, int row) throws IOException {
    int width = output.values().length / output.rows();
    nested(out, output, 1, row * width, width);
  }

  private static void nested(JsonGenerator out, NamedValues output, int depth, int from, int size)
      throws IOException {
    if (depth == output.shape().size()) {
      out.writeNumber(output.values()[from]);
      return;
    }
    int length = output.shape().get(depth);
    int step = length == 0 ? 0 : size / length;
    out.writeStartArray();
    for (int i = 0; i < length; i++) {
      nested(out, output, depth + 1, from + i * step, step);
    }
    out.writeEndArray();
  }
}
