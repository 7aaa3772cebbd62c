package io.tapestream.serving.openinference;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tapestream.serving.follow.NamedValues;
import io.tapestream.serving.protocol.JsonNumbers;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An input as the JSON of a request tells of it, in keys of any order. */
final class TensorHeader {
  private static final int MAX_RANK = 16;

  private final String where;
  private @Nullable String name;
  private @Nullable String datatype;
  private @Nullable List<Integer> shape;
  private @Nullable JsonNumbers data;
  private long binarySize = -1;

  private TensorHeader(String where) {
    this.where = where;
  }

  /** Reads the object that the parser stands at. */
  static TensorHeader read(JsonParser parser, String where) throws IOException {
    TensorHeader header = new TensorHeader(where);
    InferBody.object(parser, where);
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      switch (InferBody.next(parser, seen, where)) {
        case "name" -> header.name = InferBody.string(parser, where + ".name");
        case "datatype" -> header.datatype = InferBody.string(parser, where + ".datatype");
        case "shape" -> header.shape = header.shape(parser);
        case "data" -> {
          InferBody.array(parser, where + ".data");
          header.data = JsonNumbers.read(parser, where + ".data", true);
        }
        case "parameters" -> header.parameters(parser);
        default -> parser.skipChildren();
      }
    }
    return header;
  }

  private List<Integer> shape(JsonParser parser) throws IOException {
    InferBody.array(parser, where + ".shape");
    List<Integer> dims = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean integer =
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() == JsonParser.NumberType.INT;
      if (!integer || parser.getIntValue() < 0 || dims.size() == MAX_RANK) {
        throw InferBody.bad(
            where + ".shape must be at most " + MAX_RANK + " whole numbers from 0 on");
      }
      dims.add(parser.getIntValue());
    }
    return dims;
  }

  private void parameters(JsonParser parser) throws IOException {
    InferBody.object(parser, where + ".parameters");
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = InferBody.next(parser, seen, where + ".parameters");
      if (key.equals("binary_data_size")) {
        binarySize = size(parser);
      } else if (key.startsWith("shared_memory")) {
        throw InferBody.bad(where + " lies in shared memory, which this server doesn't read");
      } else {
        parser.skipChildren();
      }
    }
  }

  private long size(JsonParser parser) throws IOException {
    boolean integer =
        parser.currentToken() == JsonToken.VALUE_NUMBER_INT
            && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
    if (!integer || parser.getLongValue() < 0) {
      throw InferBody.bad(
          where
              + ".parameters.binary_data_size is "
              + (integer ? parser.getText() : JsonText.describe(parser.currentToken()))
              + ", not a number of bytes");
    }
    return parser.getLongValue();
  }

  /**
   * The tensor.
   *
   * @param binary what follows the JSON, from this tensor's bytes on if it has any
   * @throws RequestException with status 400 if something is missing or doesn't fit
   */
  NamedValues values(ByteBuffer binary) {
    String known = required(name, "name");
    Datatype type = Datatype.of(required(datatype, "datatype"), where);
    List<Integer> dims = required(shape, "shape");
    if (dims.isEmpty()) {
      throw InferBody.bad(where + ".shape is []: the first dimension is the examples'");
    }
    long count = 1;
    for (int dim : dims) {
      count *= dim;
      if (count > Integer.MAX_VALUE) {
        throw InferBody.bad(where + ".shape " + dims + " is larger than any request");
      }
    }
    return new NamedValues(known, dims, elements(type, dims, (int) count, binary));
  }

  private float[] elements(Datatype type, List<Integer> dims, int count, ByteBuffer binary) {
    if (binarySize >= 0) {
      if (data != null) {
        throw InferBody.bad(where + " has both \"data\" and binary data");
      }
      long expected = (long) count * type.size();
      if (binarySize != expected) {
        throw InferBody.bad(
            "%s has binary_data_size %d where shape %s of %s takes %d"
                .formatted(where, binarySize, dims, type, expected));
      }
      if (binarySize > binary.remaining()) {
        throw InferBody.bad(
            "%s has %d bytes of binary data, %d are left in the body"
                .formatted(where, binarySize, binary.remaining()));
      }
      return type.read(binary, count, where);
    }
    JsonNumbers numbers = required(data, "data");
    boolean flat = numbers.shape().size() == 1 && numbers.size() == count;
    if (!flat && !numbers.shape().equals(dims)) {
      throw InferBody.bad(
          where + ".data has shape " + numbers.shape() + " where " + dims + " is expected");
    }
    type.check(numbers, where + ".data");
    return numbers.values();
  }

  private <T> T required(@Nullable T value, String key) {
    if (value == null) {
      throw InferBody.bad(where + " has no \"" + key + "\"");
    }
    return value;
  }
}
