package io.tapestream.onnx;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.AttributeProto.AttributeType;
import onnx.Onnx.NodeProto;

/** A node that is being described: its attributes, then what it is computed of. */
public final class OnnxOp {
  private final OnnxGraph graph;
  private final NodeProto.Builder node;

  OnnxOp(OnnxGraph graph, String type, String name) {
    this.graph = graph;
    this.node = NodeProto.newBuilder().setOpType(type).setName(graph.unique(name));
  }

  private AttributeProto.Builder attribute(String name, AttributeType type) {
    return node.addAttributeBuilder().setName(name).setType(type);
  }

  /** An attribute that is an integer. */
  public OnnxOp integer(String name, long value) {
    attribute(name, AttributeType.INT).setI(value);
    return this;
  }

  /** An attribute that is a list of integers. */
  public OnnxOp integers(String name, int... values) {
    attribute(name, AttributeType.INTS)
        .addAllInts(LongStream.of(IntStream.of(values).asLongStream().toArray()).boxed().toList());
    return this;
  }

  /** An attribute that is a number, kept as a float. */
  public OnnxOp number(String name, double value) {
    attribute(name, AttributeType.FLOAT).setF((float) value);
    return this;
  }

  /** An attribute that is a list of numbers, kept as floats. */
  public OnnxOp numbers(String name, double... values) {
    attribute(name, AttributeType.FLOATS)
        .addAllFloats(DoubleStream.of(values).mapToObj(value -> (float) value).toList());
    return this;
  }

  /** An attribute that is a list of texts. */
  public OnnxOp texts(String name, List<String> values) {
    AttributeProto.Builder attribute = attribute(name, AttributeType.STRINGS);
    values.forEach(value -> attribute.addStrings(OnnxGraph.utf8(value)));
    return this;
  }

  /** The one output of these inputs. */
  public OnnxValue of(OnnxValue... inputs) {
    return of(List.of(inputs));
  }

  /** The one output of these inputs. */
  public OnnxValue of(List<OnnxValue> inputs) {
    return outputs(1, inputs).get(0);
  }

  /** The first outputs of these inputs, so many. */
  public List<OnnxValue> outputs(int count, List<OnnxValue> inputs) {
    inputs.forEach(input -> node.addInput(input.name()));
    List<OnnxValue> outputs =
        IntStream.range(0, count)
            .mapToObj(i -> new OnnxValue(i == 0 ? node.getName() : node.getName() + ":" + i))
            .toList();
    outputs.forEach(output -> node.addOutput(output.name()));
    graph.add(node);
    return outputs;
  }
}
