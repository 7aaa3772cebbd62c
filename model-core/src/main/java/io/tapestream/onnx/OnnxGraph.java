package io.tapestream.onnx;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.protobuf.ByteString;

/**
 * The nodes and constants of a graph as they come. What leads to no output is left out of the end
 * result, such as transposes that have cancelled.
 */
final class OnnxGraph {
  private final long limit;
  private final Set<String> names = new HashSet<>();
  private final Deque<NodeProto> nodes = new ArrayDeque<>();
  private final Map<String, TensorProto> constants = new LinkedHashMap<>();
  private final Map<OnnxValue, Transposed> transposes = new HashMap<>();
  private final GraphProto.Builder proto = GraphProto.newBuilder();
  private long bytes;

  /** Where a value comes from that is another with its axes in another order. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Transposed(OnnxValue source, int[] axes) {}

  /**
   * @param limit the most bytes that constants may have; a protobuf message has less than 2³¹
   */
  OnnxGraph(String name, long limit) {
    this.limit = limit;
    proto.setName(name);
  }

  /** The name, or, where it is taken, the first of {@code name_1}, {@code name_2}, … */
  String unique(String name) {
    String free = name;
    for (int i = 1; !names.add(free); i++) {
      free = name + "_" + i;
    }
    return free;
  }

  /** Takes a name that the graph shows to its users. */
  private String claim(String name) {
    if (!names.add(name)) {
      throw new IllegalArgumentException(
          "the name \"" + name + "\" is given twice; names of inputs and outputs are unique");
    }
    return name;
  }

  void add(NodeProto.Builder node) {
    nodes.add(node.build());
  }

  /** An input of the graph. */
  OnnxValue input(String name, DType dtype, Shape example) {
    proto.addInput(info(claim(name), dtype, example));
    return new OnnxValue(name);
  }

  /** Makes a value an output of the graph; an input may be one under its own name. */
  void output(String name, OnnxValue value, DType dtype, Shape example) {
    if (value.name().equals(name)) {
      proto.addOutput(info(name, dtype, example));
      return;
    }
    proto.addOutput(info(claim(name), dtype, example));
    add(
        NodeProto.newBuilder()
            .setOpType("Identity")
            .setName(unique(name + "/Identity"))
            .addInput(value.name())
            .addOutput(name));
  }

  private static ValueInfoProto info(String name, DType dtype, Shape example) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDimBuilder().setDimParam("batch");
    for (int dim : example.dims()) {
      shape.addDimBuilder().setDimValue(dim);
    }
    TypeProto.Tensor.Builder tensor =
        TypeProto.Tensor.newBuilder().setElemType(type(dtype).getNumber()).setShape(shape);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  static TensorProto.DataType type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> TensorProto.DataType.FLOAT;
      case FLOAT64 -> TensorProto.DataType.DOUBLE;
      case INT64 -> TensorProto.DataType.INT64;
    };
  }

  /** A constant by its name, which finds the same one again. */
  OnnxValue constant(String name, Shape shape, float... values) {
    if (!constants.containsKey(name)) {
      ByteBuffer raw = raw(name, values.length, Float.BYTES);
      raw.asFloatBuffer().put(values);
      addConstant(name, DType.FLOAT32, shape.dims(), raw);
    }
    return new OnnxValue(name);
  }

  /** A vector of integers by its name, which finds the same one again. */
  OnnxValue integers(String name, long... values) {
    if (!constants.containsKey(name)) {
      ByteBuffer raw = raw(name, values.length, Long.BYTES);
      raw.asLongBuffer().put(values);
      addConstant(name, DType.INT64, new int[] {values.length}, raw);
    }
    return new OnnxValue(name);
  }

  private ByteBuffer raw(String name, int length, int width) {
    bytes += (long) length * width;
    if (bytes > limit) {
      throw new IllegalArgumentException(
          "with \"%s\" the parameters take %,d bytes, and an ONNX file holds at most %,d; publish this model without ONNX"
              .formatted(name, bytes, limit));
    }
    return ByteBuffer.allocate(length * width).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void addConstant(String name, DType dtype, int[] dims, ByteBuffer raw) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(claim(name))
            .setDataType(type(dtype).getNumber())
            .setRawData(ByteString.copyFrom(raw));
    for (int dim : dims) {
      tensor.addDims(dim);
    }
    constants.put(name, tensor.build());
  }

  static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }

  /** A value with its axes in another order; the value itself, or its source, where that is it. */
  OnnxValue transpose(OnnxValue x, String name, int... axes) {
    Transposed before = transposes.get(x);
    OnnxValue source = before == null ? x : before.source();
    int[] all =
        before == null ? axes : IntStream.of(axes).map(axis -> before.axes()[axis]).toArray();
    if (Arrays.equals(all, IntStream.range(0, all.length).toArray())) {
      return source;
    }
    OnnxValue y = new OnnxOp(this, "Transpose", name).integers("perm", all).of(source);
    transposes.put(y, new Transposed(source, all));
    return y;
  }

  /** A function of each element, applied before x's axes were brought into their order. */
  OnnxValue beforeTranspose(OnnxValue x, String name, UnaryOperator<OnnxValue> function) {
    Transposed before = transposes.get(x);
    return before == null
        ? function.apply(x)
        : transpose(function.apply(before.source()), name, before.axes());
  }

  /** The graph: what its outputs are computed from, in an order in which that can be done. */
  GraphProto build() {
    Set<String> used = new HashSet<>();
    proto.getOutputList().forEach(output -> used.add(output.getName()));
    Deque<NodeProto> kept = new ArrayDeque<>();
    for (@Nullable NodeProto node = nodes.pollLast(); node != null; node = nodes.pollLast()) {
      if (node.getOutputList().stream().anyMatch(used::contains)) {
        used.addAll(node.getInputList());
        kept.addFirst(node);
      }
    }
    proto.addAllNode(List.copyOf(kept));
    constants.values().stream()
        .filter(constant -> used.contains(constant.getName()))
        .forEach(proto::addInitializer);
    return proto.build();
  }
}
