package io.tapestream.onnx;

import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.onnx.OnnxCall.Input;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sees a model's layers being called, and has each say its nodes:
 *
 * <pre>
 * a layer                          what happens
 * with a form                      it says its nodes; calls inside it are its own matter
 * made of layers                   calls inside it are seen in their turn
 * with neither                     it is refused
 * </pre>
 *
 * <p>Which value a tensor is, is known by the tensor itself; so an op that a model calls beside its
 * layers leaves a tensor that nothing is known of, and is refused too.
 */
final class OnnxTracer implements Context.Observer {
  private final OnnxGraph graph;
  private final IdentityHashMap<Tensor, OnnxValue> values = new IdentityHashMap<>();
  private @Nullable List<OnnxValue> said; // by a layer whose call is under way
  private int inside; // calls in that layer

  OnnxTracer(OnnxGraph graph) {
    this.graph = graph;
  }

  void bind(Tensor tensor, OnnxValue value) {
    values.put(tensor, value);
  }

  /** The value that an output of a seen call is. */
  OnnxValue value(Tensor output) {
    return Objects.requireNonNull(values.get(output), "a call's outputs are known when it ends");
  }

  @Override
  public void before(Layer layer, List<Tensor> inputs) {
    if (said != null) {
      inside++;
      return;
    }
    List<Input> given = new ArrayList<>();
    for (Tensor x : inputs) {
      OnnxValue value = values.get(x);
      if (value == null) {
        throw computedBeside(layer, "is called on");
      }
      given.add(new Input(value, x.shape().withoutFirst(), x.dtype()));
    }
    if (layer instanceof OnnxForm form) {
      String name = layer.name().isEmpty() ? layer.typeName() : layer.name();
      said = form.onnxAll(new OnnxCall(graph, name, given));
    } else if (layer.children().isEmpty()) {
      throw new IllegalArgumentException(
          layer + " has no ONNX form; let " + layer.getClass().getName() + " implement OnnxForm");
    }
  }

  @Override
  public void after(Layer layer, List<Tensor> outputs) {
    if (inside > 0) {
      inside--;
      return;
    }
    List<OnnxValue> form = said;
    said = null;
    if (form == null) {
      if (!values.keySet().containsAll(outputs)) {
        throw computedBeside(layer, "returns");
      }
      return;
    }
    if (form.size() != outputs.size()) {
      throw new IllegalStateException(
          layer + " has " + outputs.size() + " outputs, its ONNX form " + form.size());
    }
    for (int i = 0; i < form.size(); i++) {
      bind(outputs.get(i), form.get(i));
    }
  }

  private static IllegalArgumentException computedBeside(Layer layer, String how) {
    return new IllegalArgumentException(
        layer
            + " "
            + how
            + " a tensor that no layer has computed, so it has no ONNX form; use a layer in place of the op (such as Add, Concatenate or Activation), or let "
            + (how.equals("returns") ? layer.getClass().getName() : "the layer around it")
            + " implement OnnxForm");
  }
}
