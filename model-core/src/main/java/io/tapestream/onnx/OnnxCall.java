package io.tapestream.onnx;

import io.tapestream.autodiff.Variable;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A call of a layer that is being written: what the layer is called on, and the words in which it
 * says its nodes. Images are (batch, height, width, channels) to every layer; where ONNX wants the
 * channels first, a layer {@linkplain #channelsFirst brings them there} and {@linkplain
 * #channelsLast back}, and what cancels between two layers is left out of the file.
 */
public final class OnnxCall {

  /**
   * What a layer is called on.
   *
   * @param shape of one example, without the batch axis
   */
  record Input(OnnxValue value, Shape shape, DType dtype) {}

  private final OnnxGraph graph;
  private final String layer;
  private final List<Input> inputs;

  OnnxCall(OnnxGraph graph, String layer, List<Input> inputs) {
    this.graph = graph;
    this.layer = layer;
    this.inputs = List.copyOf(inputs);
  }

  /** The first input. */
  public OnnxValue input() {
    return input(0);
  }

  /** An input, counted from 0. */
  public OnnxValue input(int i) {
    return inputs.get(i).value();
  }

  /** All inputs. */
  public List<OnnxValue> inputs() {
    return inputs.stream().map(Input::value).toList();
  }

  /** The shape of an input, of one example, without the batch axis. */
  public Shape shape(int i) {
    return inputs.get(i).shape();
  }

  /** The type of an input's elements. */
  public DType dtype(int i) {
    return inputs.get(i).dtype();
  }

  /**
   * A node of ONNX's standard operators.
   *
   * @param type such as {@code MatMul}
   */
  public OnnxOp op(String type) {
    return new OnnxOp(graph, type, layer + "/" + type);
  }

  /** A variable of the layer as it is now. */
  public OnnxValue variable(Variable variable) {
    return variable(variable, variable.value().shape());
  }

  /** A variable's elements in another shape of as many. */
  public OnnxValue variable(Variable variable, Shape shape) {
    return graph.constant(variable.name(), shape, variable.value().toFloats());
  }

  /**
   * Numbers that the layer knows, or has computed from its variables.
   *
   * @param name unique in the layer; a second call of the layer finds what the first has made
   */
  public OnnxValue constant(String name, Shape shape, float... values) {
    return graph.constant(layer + "/" + name, shape, values);
  }

  /** A constant whose elements are all the same. */
  public OnnxValue filled(String name, Shape shape, double value) {
    float[] values = new float[shape.size()];
    Arrays.fill(values, (float) value);
    return constant(name, shape, values);
  }

  /** One number, which broadcasts to any shape. */
  public OnnxValue scalar(String name, double value) {
    return constant(name, Shape.scalar(), (float) value);
  }

  /** A vector of integers, such as axes. */
  public OnnxValue integers(String name, long... values) {
    return graph.integers(layer + "/" + name, values);
  }

  /** The same elements in another type; what has a fraction loses it where that has none. */
  public OnnxValue cast(OnnxValue x, DType dtype) {
    return op("Cast").integer("to", OnnxGraph.type(dtype).getNumber()).of(x);
  }

  /**
   * Another shape for the same elements, in C order.
   *
   * @param dims 0 for the length that the input has there, as for the batch
   */
  public OnnxValue reshape(OnnxValue x, String name, long... dims) {
    return op("Reshape").of(x, integers(name, dims));
  }

  /**
   * Axes in another order.
   *
   * @param axes of x, in the order in which they are wanted
   */
  public OnnxValue transpose(OnnxValue x, int... axes) {
    return graph.transpose(x, layer + "/Transpose", axes);
  }

  /**
   * Brings the last axis to the second place.
   *
   * @param rank of x, with its batch axis
   */
  public OnnxValue channelsFirst(OnnxValue x, int rank) {
    List<Integer> axes = new ArrayList<>(List.of(0, rank - 1));
    IntStream.range(1, rank - 1).forEach(axes::add);
    return transpose(x, axes.stream().mapToInt(axis -> axis).toArray());
  }

  /** Brings the second axis back to the last place. */
  public OnnxValue channelsLast(OnnxValue x, int rank) {
    List<Integer> axes = new ArrayList<>(List.of(0));
    IntStream.range(2, rank).forEach(axes::add);
    axes.add(1);
    return transpose(x, axes.stream().mapToInt(axis -> axis).toArray());
  }

  /**
   * A function of each element by itself. It is computed before x's axes are brought into their
   * order, so that bringing them there may cancel with what comes next.
   *
   * @param function such as {@code z -> op("Relu").of(z)}
   */
  public OnnxValue eachElement(OnnxValue x, UnaryOperator<OnnxValue> function) {
    return graph.beforeTranspose(x, layer + "/Transpose", function);
  }
}
