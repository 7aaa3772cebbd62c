package io.tapestream.serving.openinference;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.follow.NamedValues;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of an infer request; tensors as JSON, or as bytes after it:
 *
 * <pre>
 *   | {"id": "7", "inputs": [{"name": "x", "shape": [2, 3], "datatype": "FP32",      | 24 bytes,    |
 *   |   "parameters": {"binary_data_size": 24}}], "outputs": [{"name": "output"}]}   | row by row,  |
 *   |  ← Inference-Header-Content-Length bytes →                                      | low byte     |
 *   |                                                                                 | first        |
 * </pre>
 *
 * <p>{@code "data"} in JSON may be flat or nested as the shape. Keys that are unknown say nothing
 * to this server and are passed over.
 */
final class InferBody {
  private @Nullable String id;
  private List<TensorHeader> tensors = List.of();
  private final List<InferRequest.Output> outputs = new ArrayList<>();
  private boolean binaryOutput;

  private InferBody() {}

  /**
   * Reads a body.
   *
   * @param jsonBytes how many of its bytes are JSON; what follows are tensors
   * @throws RequestException with status 400 saying where it is wrong
   */
  static InferRequest read(byte[] body, int jsonBytes) {
    InferBody read = new InferBody();
    JsonText.read(
        body,
        jsonBytes,
        parser -> {
          read.request(parser);
          return read;
        });
    ByteBuffer binary =
        ByteBuffer.wrap(body, jsonBytes, body.length - jsonBytes).order(ByteOrder.LITTLE_ENDIAN);
    List<NamedValues> inputs = new ArrayList<>();
    for (TensorHeader tensor : read.tensors) {
      inputs.add(tensor.values(binary));
    }
    if (binary.hasRemaining()) {
      throw bad(binary.remaining() + " bytes follow the inputs' binary data");
    }
    return new InferRequest(read.id, inputs, read.outputs, read.binaryOutput);
  }

  private void request(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw bad("the body must be an object like {\"inputs\": [{...}]}");
    }
    boolean found = false;
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = next(parser, seen, "the body");
      switch (key) {
        case "id" -> id = string(parser, "\"id\"");
        case "inputs" -> {
          found = true;
          tensors = inputs(parser);
        }
        case "outputs" -> outputs(parser);
        case "parameters" ->
            binaryOutput =
                Boolean.TRUE.equals(binary(parser, "\"parameters\"", "binary_data_output"));
        default -> parser.skipChildren();
      }
    }
    if (!found || tensors.isEmpty()) {
      throw bad("\"inputs\" is missing or empty");
    }
    if (parser.nextToken() != null) {
      throw bad("there is more after the body's object");
    }
  }

  private static List<TensorHeader> inputs(JsonParser parser) throws IOException {
    array(parser, "\"inputs\"");
    List<TensorHeader> inputs = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      inputs.add(TensorHeader.read(parser, "inputs[" + inputs.size() + "]"));
    }
    return inputs;
  }

  private void outputs(JsonParser parser) throws IOException {
    array(parser, "\"outputs\"");
    Set<String> names = new HashSet<>();
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      String where = "outputs[" + i + "]";
      object(parser, where);
      String name = null;
      Boolean binary = null;
      Set<String> seen = new HashSet<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        switch (next(parser, seen, where)) {
          case "name" -> name = string(parser, where + ".name");
          case "parameters" -> binary = binary(parser, where, "binary_data");
          default -> parser.skipChildren();
        }
      }
      if (name == null) {
        throw bad(where + " has no name");
      }
      if (!names.add(name)) {
        throw bad("output \"" + name + "\" is asked for twice");
      }
      outputs.add(new InferRequest.Output(name, binary));
    }
  }

  /** The parameter of this name, a boolean, among others. */
  private static @Nullable Boolean binary(JsonParser parser, String where, String name)
      throws IOException {
    object(parser, where);
    Boolean value = null;
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = next(parser, seen, where);
      if (key.equals(name)) {
        if (!parser.currentToken().isBoolean()) {
          throw bad(where + "." + name + " must be true or false");
        }
        value = parser.getBooleanValue();
      } else if (key.equals("classification") || key.startsWith("shared_memory")) {
        throw bad(where + " asks for \"" + key + "\", which this server doesn't do");
      } else {
        parser.skipChildren();
      }
    }
    return value;
  }

  static void array(JsonParser parser, String where) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw bad(where + " is " + JsonText.describe(parser.currentToken()) + ", not an array");
    }
  }

  static void object(JsonParser parser, String where) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw bad(where + " is " + JsonText.describe(parser.currentToken()) + ", not an object");
    }
  }

  static String string(JsonParser parser, String where) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw bad(where + " is " + JsonText.describe(parser.currentToken()) + ", not a string");
    }
    return parser.getText();
  }

  /** The key that the parser stands at, once; it then stands at the value. */
  static String next(JsonParser parser, Set<String> seen, String where) throws IOException {
    String key = parser.currentName();
    parser.nextToken();
    if (!seen.add(key)) {
      throw bad(where + " gives \"" + key + "\" twice");
    }
    return key;
  }

  static RequestException bad(String what) {
    return new RequestException(400, what);
  }
}
