package io.tapestream.serving.openinference;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tapestream.serving.follow.NamedValues;
import io.tapestream.serving.follow.Predictions;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.Reply;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The answer to an infer request. JSON has no word for a number that is not finite, so an output
 * with one is told as an error (422) unless it is asked for as binary data.
 */
final class InferReply {
  private InferReply() {}

  /** An output and how it is sent. */
  private record Wanted(NamedValues output, boolean binary) {}

  /**
   * The answer.
   *
   * @throws RequestException with status 400 if an output is asked for that the model lacks, 422 if
   *     one can't be told in JSON
   */
  static Reply of(InferRequest request, Predictions predictions) {
    List<Wanted> wanted = wanted(request, predictions);
    byte[] json =
        JsonText.object(
            out -> {
              out.writeStringField("model_name", predictions.version().model());
              out.writeStringField("model_version", Long.toString(predictions.version().version()));
              if (request.id() != null) {
                out.writeStringField("id", request.id());
              }
              out.writeArrayFieldStart("outputs");
              for (Wanted one : wanted) {
                write(out, one);
              }
              out.writeEndArray();
            });
    if (wanted.stream().noneMatch(Wanted::binary)) {
      return Reply.json(200, json);
    }
    ByteBuffer body =
        ByteBuffer.allocate(json.length + wanted.stream().mapToInt(InferReply::binarySize).sum())
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(json);
    for (Wanted one : wanted) {
      if (one.binary()) {
        body.asFloatBuffer().put(one.output().values());
        body.position(body.position() + binarySize(one));
      }
    }
    return new Reply(200, "application/octet-stream", body.array(), Map.of())
        .with(OpenInference.HEADER_LENGTH, Integer.toString(json.length));
  }

  private static int binarySize(Wanted wanted) {
    return wanted.binary()
        ? Math.multiplyExact(wanted.output().values().length, Datatype.FP32.size())
        : 0;
  }

  private static List<Wanted> wanted(InferRequest request, Predictions predictions) {
    List<Wanted> wanted = new ArrayList<>();
    for (NamedValues output : predictions.outputs()) {
      if (request.outputs().isEmpty()) {
        wanted.add(new Wanted(output, request.binaryOutput()));
      }
    }
    for (InferRequest.Output asked : request.outputs()) {
      Boolean binary = asked.binary();
      wanted.add(
          new Wanted(
              find(predictions, asked.name()), binary == null ? request.binaryOutput() : binary));
    }
    return wanted;
  }

  private static NamedValues find(Predictions predictions, String name) {
    return predictions.outputs().stream()
        .filter(output -> output.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new RequestException(
                    400,
                    "the model has no output \""
                        + name
                        + "\"; there are "
                        + predictions.outputs().stream().map(NamedValues::name).toList()));
  }

  private static void write(JsonGenerator out, Wanted wanted) throws IOException {
    NamedValues output = wanted.output();
    out.writeStartObject();
    out.writeStringField("name", output.name());
    out.writeStringField("datatype", Datatype.FP32.name());
    out.writeFieldName("shape");
    out.writeStartArray();
    for (int dim : output.shape()) {
      out.writeNumber(dim);
    }
    out.writeEndArray();
    if (wanted.binary()) {
      out.writeObjectFieldStart("parameters");
      out.writeNumberField("binary_data_size", binarySize(wanted));
      out.writeEndObject();
    } else {
      out.writeArrayFieldStart("data");
      for (float value : output.values()) {
        if (!Float.isFinite(value)) {
          throw new RequestException(
              422,
              "for these inputs output \""
                  + output.name()
                  + "\" holds "
                  + value
                  + ", which JSON can't: ask for it as binary data");
        }
        out.writeNumber(value);
      }
      out.writeEndArray();
    }
    out.writeEndObject();
  }
}
