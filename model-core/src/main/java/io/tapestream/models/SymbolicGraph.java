package io.tapestream.models;

import io.tapestream.layers.Layer;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.models.Functional.Call;
import io.tapestream.models.Functional.In;
import io.tapestream.models.Functional.Settings;
import io.tapestream.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** From symbolic tensors to the settings of the graph that leads to them. */
final class SymbolicGraph {
  private final Set<String> names = new HashSet<>();
  private final IdentityHashMap<SymbolicTensor, String> inputNames = new IdentityHashMap<>();
  private final IdentityHashMap<SymbolicTensor.Call, String> callNames = new IdentityHashMap<>();
  private final IdentityHashMap<Layer, String> layerNames = new IdentityHashMap<>();
  private final IdentityHashMap<Layer, List<Shape>> shapes = new IdentityHashMap<>();
  private final Map<String, Layer> layers = new LinkedHashMap<>();

  static Settings settings(List<SymbolicTensor> inputs, List<SymbolicTensor> outputs) {
    return new SymbolicGraph().describe(inputs, outputs);
  }

  private Settings describe(List<SymbolicTensor> inputs, List<SymbolicTensor> outputs) {
    for (SymbolicTensor input : inputs) {
      if (input.call() != null) {
        throw new IllegalArgumentException(
            "a model's inputs are made by Input.of, got " + input + "; name those it comes from");
      }
      if (inputNames.put(input, "") != null) {
        throw new IllegalArgumentException("input " + input + " is given twice");
      }
    }
    List<SymbolicTensor.Call> calls = callsTo(outputs);
    claimGivenNames(inputs, calls);
    List<In> ins = new ArrayList<>();
    for (SymbolicTensor input : inputs) {
      String name = input.name() != null ? input.name() : unique("input");
      inputNames.put(input, name);
      ins.add(new In(name, Arrays.stream(input.shape().dims()).boxed().toList(), input.dtype()));
    }
    List<Call> described = calls.stream().map(this::describe).toList();
    return new Settings(ins, layers, described, outputs.stream().map(this::reference).toList());
  }

  /** The calls that lead to the outputs, in the order in which they were made. */
  private List<SymbolicTensor.Call> callsTo(List<SymbolicTensor> outputs) {
    Set<SymbolicTensor.Call> reached = new HashSet<>();
    List<SymbolicTensor> open = new ArrayList<>(outputs);
    while (!open.isEmpty()) {
      SymbolicTensor tensor = open.remove(open.size() - 1);
      SymbolicTensor.Call call = tensor.call();
      if (call == null) {
        requireInput(tensor);
      } else if (reached.add(call)) {
        open.addAll(call.inputs());
      }
    }
    return reached.stream().sorted(Comparator.comparingLong(SymbolicTensor.Call::order)).toList();
  }

  private void requireInput(SymbolicTensor tensor) {
    if (!inputNames.containsKey(tensor)) {
      throw new IllegalArgumentException(
          "the outputs depend on " + tensor + ", which is not among the model's inputs; name it");
    }
  }

  private void claimGivenNames(List<SymbolicTensor> inputs, List<SymbolicTensor.Call> calls) {
    List<String> given = new ArrayList<>();
    inputs.stream().map(SymbolicTensor::name).filter(n -> n != null).forEach(given::add);
    calls.stream().map(SymbolicTensor.Call::name).filter(n -> n != null).forEach(given::add);
    for (String name : given) {
      if (!names.add(name)) {
        throw new IllegalArgumentException(
            "the name \"" + name + "\" is given twice; names of inputs and calls are unique");
      }
    }
  }

  private Call describe(SymbolicTensor.Call call) {
    List<String> inputs = call.inputs().stream().map(this::reference).toList();
    String layer = layerNames.get(call.layer());
    String name = call.name();
    if (layer == null) {
      layer = name != null ? name : unique(LayerNames.ofType(call.layer()));
      layerNames.put(call.layer(), layer);
      layers.put(layer, call.layer());
      name = layer;
    } else if (name == null) {
      name = unique(layer);
    }
    requireOneShape(call);
    callNames.put(call, name);
    return new Call(layer, inputs, name);
  }

  /** A shared layer has one set of variables, which are made for one shape of its input. */
  private void requireOneShape(SymbolicTensor.Call call) {
    List<Shape> given = call.inputs().stream().map(SymbolicTensor::shape).toList();
    List<Shape> first = shapes.putIfAbsent(call.layer(), given);
    if (first != null && !first.equals(given)) {
      throw new IllegalArgumentException(
          "layer \"%s\" (%s) is called on %s and on %s: a layer has one input shape, so call a second layer on the other"
              .formatted(
                  layerNames.get(call.layer()),
                  call.layer().typeName(),
                  Layer.withBatch(first),
                  Layer.withBatch(given)));
    }
  }

  private String reference(SymbolicTensor tensor) {
    SymbolicTensor.Call call = tensor.call();
    if (call == null) {
      return String.valueOf(inputNames.get(tensor));
    }
    String name = String.valueOf(callNames.get(call));
    return tensor.output() == 0 ? name : name + ":" + tensor.output();
  }

  private String unique(String base) {
    String name = LayerNames.unique(base, names);
    names.add(name);
    return name;
  }
}
