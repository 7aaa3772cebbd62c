package io.tapestream.models;

import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph of layers: several inputs and outputs, branches, layers called more than once; Keras's
 * functional API. Layers called on {@link io.tapestream.layers.Input}s describe it, and {@link
 * Model#of} makes it; or a specification does:
 *
 * <pre>{@code
 * {"type": "Functional", "settings": {
 *   "inputs": [{"name": "image", "shape": [28, 28, 1]}],
 *   "layers": {"flatten": {"type": "Flatten"}, "dense": {"type": "Dense", "settings": {"units": 784}}, "add": {"type": "Add"}},
 *   "calls": [
 *     {"layer": "flatten", "inputs": ["image"]},
 *     {"layer": "dense", "inputs": ["flatten"]},
 *     {"layer": "dense", "inputs": ["dense"], "name": "again"},
 *     {"layer": "add", "inputs": ["again", "flatten"]}],
 *   "outputs": ["add"]}}
 * }</pre>
 *
 * <p>A call is named after its layer unless it is given a name of its own, and so is what it
 * computes; the further outputs of a call are {@code lstm:1}, {@code lstm:2}. Layers that were
 * given no name are named after their type, in the order in which they were first called.
 */
public final class Functional extends Model {

  /**
   * An input.
   *
   * @param name unique in the model
   * @param shape of one example
   * @param dtype FLOAT32 for real numbers, which then have the model's type, or INT64
   */
  public record In(String name, List<Integer> shape, DType dtype) {

    /** Keeps a copy; real numbers unless stated otherwise. */
    public In {
      require(name, "an input's name");
      shape = List.copyOf(require(shape, "the shape of input " + name));
      dtype = dtype == null ? DType.FLOAT32 : dtype;
    }

    Shape example() {
      return Shape.of(shape.stream().mapToInt(d -> d).toArray());
    }
  }

  /**
   * A call of a layer.
   *
   * @param layer its name
   * @param inputs the inputs and calls whose values it is given
   * @param name of the call; the layer's unless stated otherwise
   */
  public record Call(String layer, List<String> inputs, String name) {

    /** Keeps a copy. */
    public Call {
      require(layer, "the layer of a call");
      inputs = List.copyOf(require(inputs, "the inputs of a call of " + layer));
      name = name == null ? layer : name;
    }
  }

  /**
   * The settings.
   *
   * @param inputs in the order in which the model takes them
   * @param layers by name
   * @param calls in the order in which they are made
   * @param outputs the calls (or inputs) whose values the model gives
   */
  public record Settings(
      List<In> inputs, Map<String, Layer> layers, List<Call> calls, List<String> outputs) {

    /** Keeps copies in their order. */
    public Settings {
      inputs = List.copyOf(inputs);
      layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
      calls = List.copyOf(calls);
      outputs = List.copyOf(outputs);
    }
  }

  private final Settings settings;
  private final GraphPlan plan;

  /**
   * With these settings.
   *
   * @throws IllegalArgumentException if they are no graph: a name that is not unique, a call of
   *     what is not computed before it (as in a cycle), something that reaches no output
   */
  public Functional(Settings settings) {
    this.settings = settings;
    this.plan = GraphPlan.of(settings);
  }

  /** The graph that ends in these outputs; see {@link Model#of}. */
  Functional(List<SymbolicTensor> inputs, List<SymbolicTensor> outputs) {
    this(SymbolicGraph.settings(inputs, outputs));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  public Map<String, Layer> children() {
    return settings.layers();
  }

  /**
   * Makes and initializes the parameters.
   *
   * @param seed of the initial values: the same seed gives the same bits
   */
  public void build(long seed) {
    build(settings.inputs().stream().map(In::example).toList(), seed);
  }

  @Override
  protected void build(List<Shape> inputs, Builder builder) {
    List<Shape> described = settings.inputs().stream().map(In::example).toList();
    if (!inputs.equals(described)) {
      throw expected(withBatch(described), inputs);
    }
  }

  @Override
  List<DType> inputTypes(List<Shape> inputs, DType dtype) {
    return settings.inputs().stream()
        .map(input -> input.dtype().isFloating() ? dtype : input.dtype())
        .toList();
  }

  @Override
  public List<String> outputNames() {
    return settings.outputs();
  }

  @Override
  protected List<Tensor> callAll(List<Tensor> inputs, Context context) {
    List<List<Tensor>> values = new ArrayList<>(inputs.size() + plan.calls().size());
    inputs.forEach(input -> values.add(List.of(input)));
    for (GraphPlan.PlannedCall call : plan.calls()) {
      List<Tensor> given = new ArrayList<>(call.inputs().size());
      for (GraphPlan.Source source : call.inputs()) {
        given.add(source.in(values));
      }
      values.add(call.layer().applyAll(given, context));
    }
    return plan.outputs().stream().map(source -> source.in(values)).toList();
  }

  private static <T> T require(T value, String what) {
    if (value == null) {
      throw new IllegalArgumentException(what + " is missing");
    }
    return value;
  }
}
