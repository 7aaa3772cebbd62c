package io.tapestream.models;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.layers.Place;
import io.tapestream.models.Model.Built;
import io.tapestream.models.Model.BuiltLayer;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.random.Philox;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Builds a model in two passes. The first calls it with one example of zeros; each layer, when it
 * is first reached, learns its input shape and declares its variables. The second lays all
 * variables out in construction order, in one flat vector, and gives them to the layers.
 *
 * <p>A layer that another model was built with brings its values along, and that model ends.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class ModelBuilder implements Context.Observer {
  private final Model root;
  private final DType dtype;
  private final List<Part> parts = new ArrayList<>();
  private final IdentityHashMap<Layer, Part> partOf = new IdentityHashMap<>();
  private final List<List<Layer>> owners = new ArrayList<>();

  private ModelBuilder(Model root, DType dtype) {
    this.root = root;
    this.dtype = dtype;
  }

  /** A layer of the model, and what the first pass finds out about it. */
  private static final class Part {
    final Layer layer;
    final String path;
    final int index;
    final List<Declared> declared = new ArrayList<>();
    final @Nullable Part parent;
    final Place before; // where the layer stood until now
    @Nullable List<Shape> inputs;
    List<Shape> outputs = List.of();

    Part(Layer layer, @Nullable Part parent, String path, int index) {
      this.layer = layer;
      this.parent = parent;
      this.path = path;
      this.index = index;
      this.before = layer.place();
    }

    /** The built model that the layer came from, if it is not the one that is being built. */
    @Nullable Model otherModel(Model root) {
      return before.model() instanceof Model other && other != root && other.isWhole()
          ? other
          : null;
    }

    String nameOf(String variable) {
      return path.isEmpty() ? variable : path + "/" + variable;
    }

    /** The layer and those that it lies in. */
    List<Layer> chain() {
      List<Layer> chain = new ArrayList<>();
      for (Part part = this; part != null; part = part.parent) {
        chain.add(part.layer);
      }
      return List.copyOf(chain);
    }

    int parameters() {
      return declared.stream().mapToInt(d -> d.shape.size()).sum();
    }
  }

  private record Declared(
      Part part, String shortName, Shape shape, Initializer initializer, boolean trained) {
    String name() {
      return part.nameOf(shortName);
    }
  }

  static Built build(Model model, List<Shape> inputs, long seed, DType dtype) {
    ModelBuilder builder = new ModelBuilder(model, dtype);
    builder.enumerate(model, null, "");
    try (Workspace.Scope none = Workspace.outside()) {
      List<Shape> outputs = builder.firstPass(inputs);
      ParameterVector parameters = builder.layOut(seed);
      List<BuiltLayer> layers =
          builder.parts.stream()
              .filter(part -> part.layer.children().isEmpty() || !part.declared.isEmpty())
              .map(part -> new BuiltLayer(part.path, part.layer, part.outputs, part.parameters()))
              .toList();
      return new Built(
          inputs, outputs, parameters, List.copyOf(builder.owners), layers, new Predictor(model));
    }
  }

  private List<Shape> firstPass(List<Shape> inputs) {
    List<DType> types = root.inputTypes(inputs, dtype);
    try (Workspace memory = new Workspace();
        Workspace.Scope scope = memory.enter()) {
      List<Tensor> zeros = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        zeros.add(Tensor.zeros(types.get(i), inputs.get(i).prepend(1)));
      }
      return examples(root.applyAll(zeros, Context.inference().observedBy(this)));
    }
  }

  private static List<Shape> examples(List<Tensor> batches) {
    return batches.stream().map(batch -> batch.shape().withoutFirst()).toList();
  }

  private void enumerate(Layer layer, @Nullable Part parent, String path) {
    Part part = new Part(layer, parent, path, parts.size());
    if (partOf.put(layer, part) != null) {
      throw new IllegalStateException(
          layer
              + " is in the model twice, as \""
              + path
              + "\" too; call one field from both places");
    }
    parts.add(part);
    layer
        .children()
        .forEach(
            (name, child) -> enumerate(child, part, path.isEmpty() ? name : path + "/" + name));
  }

  // First pass

  @Override
  public void before(Layer layer, List<Tensor> inputs) {
    Part part = partOf.get(layer);
    if (part == null) {
      throw new IllegalStateException(
          layer
              + " is called but lies in no field of the model; keep it in a field (or a list or an array of layers)");
    }
    if (part.inputs == null) {
      List<Shape> examples = layer.examplesOf(inputs);
      layer.prepare(placeOf(part), examples, new Declaring(part, dtype));
      part.inputs = examples;
    }
  }

  @Override
  public void after(Layer layer, List<Tensor> outputs) {
    Part part = partOf.get(layer);
    if (part != null) {
      part.outputs = examples(outputs);
    }
  }

  private Place placeOf(Part part) {
    return new Place(root, part.path, part.index);
  }

  /** Notes what a layer declares, and lends it zeros to go on with. */
  private record Declaring(Part part, DType dtype) implements Builder {
    @Override
    public Variable parameter(String name, Shape shape, Initializer initializer) {
      return declare(name, shape, initializer, true);
    }

    @Override
    public Variable statistic(String name, Shape shape, Initializer initializer) {
      return declare(name, shape, initializer, false);
    }

    private Variable declare(String name, Shape shape, Initializer initializer, boolean trained) {
      String full = part.nameOf(name);
      if (part.declared.stream().anyMatch(d -> d.shortName.equals(name))) {
        throw new IllegalStateException(
            part.layer + " declares two variables called \"" + name + "\"");
      }
      part.declared.add(new Declared(part, name, shape, initializer, trained));
      Tensor zeros = Tensor.zeros(dtype, shape);
      return new Variable(full, zeros, zeros, trained);
    }
  }

  // Second pass

  private ParameterVector layOut(long seed) {
    List<Declared> inOrder =
        Stream.of(true, false)
            .flatMap(
                trained ->
                    parts.stream()
                        .flatMap(p -> p.declared.stream())
                        .filter(d -> d.trained == trained))
            .toList();
    List<Entry> entries = new ArrayList<>();
    int offset = 0;
    for (Declared d : inOrder) {
      owners.add(d.part.chain());
      entries.add(new Entry(d.name(), d.shape, offset, d.trained));
      offset = Math.addExact(offset, d.shape.size());
    }
    ParameterVector parameters = new ParameterVector(entries, dtype);
    for (int i = 0; i < entries.size(); i++) {
      Declared d = inOrder.get(i);
      float[] brought = brought(d);
      write(
          parameters.values(),
          entries.get(i).offset(),
          brought != null ? brought : d.initializer.values(d.shape, Philox.key(seed, i)));
    }
    for (Part part : parts) {
      if (part.inputs != null) {
        part.layer.prepare(placeOf(part), part.inputs, new Giving(part, parameters));
      }
    }
    endOthers();
    return parameters;
  }

  /** The values that a layer has in the other model that it was built in; null if there is none. */
  private float @Nullable [] brought(Declared d) {
    Model other = d.part.otherModel(root);
    if (other == null) {
      return null;
    }
    String before = d.part.before.path();
    String name = before.isEmpty() ? d.shortName : before + "/" + d.shortName;
    return other.parameters().variables().stream()
        .filter(v -> v.name().equals(name) && v.value().shape().equals(d.shape))
        .findFirst()
        .map(v -> v.value().toFloats())
        .orElse(null);
  }

  private void endOthers() {
    Set<Model> others = Collections.newSetFromMap(new IdentityHashMap<>());
    parts.stream().map(p -> p.otherModel(root)).filter(Objects::nonNull).forEach(others::add);
    others.forEach(other -> other.endIn(root));
  }

  private static void write(Tensor flat, int offset, float[] initial) {
    if (flat.dtype() == DType.FLOAT32) {
      flat.write(offset, initial, 0, initial.length);
    } else {
      double[] wide = new double[initial.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = initial[i];
      }
      flat.write(offset, wide, 0, wide.length);
    }
  }

  /** Gives a layer the variables that it declared. */
  private record Giving(Part part, ParameterVector parameters) implements Builder {
    @Override
    public Variable parameter(String name, Shape shape, Initializer initializer) {
      return find(name);
    }

    @Override
    public Variable statistic(String name, Shape shape, Initializer initializer) {
      return find(name);
    }

    private Variable find(String name) {
      String full = part.nameOf(name);
      return parameters.variables().stream()
          .filter(v -> v.name().equals(full))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalStateException(
                      part.layer
                          + " declares \""
                          + name
                          + "\" only sometimes; build must depend on the input shape alone"));
    }
  }
}
