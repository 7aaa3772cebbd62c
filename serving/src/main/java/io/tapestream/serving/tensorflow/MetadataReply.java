package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.Manifest;
import io.tapestream.serving.follow.Lease;
import io.tapestream.serving.follow.TensorSpec;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonText;
import java.io.IOException;
import java.util.List;

/**
 * {@code {"model_spec": …, "metadata": {…}}}: under {@code metadata} the version's manifest, and as
 * {@code signature_def} what it takes and gives in TensorFlow's form. Names of tensors are the
 * features' and the outputs'; there is no graph that they would stand in.
 */
final class MetadataReply {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private MetadataReply() {}

  static byte[] of(Lease lease) {
    Manifest manifest = lease.manifest();
    return JsonText.object(
        out -> {
          out.writeObjectFieldStart("model_spec");
          out.writeStringField("name", manifest.model());
          out.writeStringField(Body.SIGNATURE_NAME, "");
          out.writeStringField("version", Long.toString(manifest.version()));
          out.writeEndObject();
          out.writeFieldName("metadata");
          out.writeRawValue(metadata(lease).toString());
        });
  }

  private static ObjectNode metadata(Lease lease) {
    ObjectNode metadata;
    try {
      metadata = (ObjectNode) MAPPER.readTree(lease.manifest().toJson());
      metadata.set(
          "signature_def", MAPPER.readTree(JsonText.object(out -> signatures(out, lease))));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest is always JSON", e);
    } catch (IOException e) {
      throw new IllegalStateException("what was written as JSON is JSON", e);
    }
    return metadata;
  }

  private static void signatures(JsonGenerator out, Lease lease) throws IOException {
    out.writeObjectFieldStart("signature_def");
    out.writeObjectFieldStart(Body.DEFAULT_SIGNATURE);
    out.writeObjectFieldStart("inputs");
    for (InputLayout.Input input : new InputLayout(lease.manifest().signature()).inputs()) {
      tensor(out, input.name(), input.shape());
    }
    out.writeEndObject();
    out.writeObjectFieldStart("outputs");
    for (TensorSpec output : lease.outputs()) {
      tensor(out, output.name(), output.shape());
    }
    out.writeEndObject();
    out.writeStringField("method_name", Body.methodName("predict"));
    out.writeEndObject();
    out.writeEndObject();
  }

  private static void tensor(JsonGenerator out, String name, List<Integer> shape)
      throws IOException {
    out.writeObjectFieldStart(name);
    out.writeStringField("dtype", "DT_FLOAT");
    out.writeObjectFieldStart("tensor_shape");
    out.writeArrayFieldStart("dim");
    dimension(out, -1); // rows
    for (int dim : shape) {
      dimension(out, dim);
    }
    out.writeEndArray();
    out.writeBooleanField("unknown_rank", false);
    out.writeEndObject();
    out.writeStringField("name", name);
    out.writeEndObject();
  }

  private static void dimension(JsonGenerator out, int size) throws IOException {
    out.writeStartObject();
    out.writeStringField("size", Integer.toString(size));
    out.writeStringField("name", "");
    out.writeEndObject();
  }
}
