package io.tapestream.models;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.models.Model.Built;
import io.tapestream.models.Model.BuiltLayer;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.random.Philox;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Builds a model in two passes. The first calls it with one example of zeros; each layer, when it
 * is first reached, learns its input shape and declares its variables. The second lays all
 * variables out in construction order, in one flat vector, and gives them to the layers.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class ModelBuilder implements Context.Observer {
  private final List<Part> parts = new ArrayList<>();
  private final IdentityHashMap<Layer, Part> partOf = new IdentityHashMap<>();

  /** A layer of the model, and what the first pass finds out about it. */
  private static final class Part {
    final Layer layer;
    final String path;
    final int index;
    final List<Declared> declared = new ArrayList<>();
    @Nullable Shape input;
    @Nullable Shape output;

    Part(Layer layer, String path, int index) {
      this.layer = layer;
      this.path = path;
      this.index = index;
    }

    int parameters() {
      return declared.stream().mapToInt(d -> d.shape.size()).sum();
    }
  }

  private record Declared(String name, Shape shape, Initializer initializer, boolean trained) {}

  static Built build(Model model, Shape input, long seed, DType dtype) {
    ModelBuilder builder = new ModelBuilder();
    builder.enumerate(model, "");
    try (Workspace.Scope none = Workspace.outside()) {
      Shape output;
      try (Workspace firstPass = new Workspace();
          Workspace.Scope scope = firstPass.enter()) {
        Tensor zeros = Tensor.zeros(dtype, input.prepend(1));
        Tensor y = model.apply(zeros, Context.inference().observedBy(builder));
        output = y.shape().withoutFirst();
      }
      ParameterVector parameters = builder.layOut(seed, dtype);
      List<BuiltLayer> layers =
          builder.parts.stream()
              .filter(part -> !(part.layer instanceof Model))
              .map(part -> new BuiltLayer(part.path, part.layer, part.output, part.parameters()))
              .toList();
      return new Built(input, output, parameters, layers, new Predictor(model));
    }
  }

  private void enumerate(Layer layer, String path) {
    Part part = new Part(layer, path, parts.size());
    if (partOf.put(layer, part) != null) {
      throw new IllegalStateException(
          layer
              + " is in the model twice, as \""
              + path
              + "\" too; call one field from both places");
    }
    parts.add(part);
    if (layer instanceof Model model) {
      model
          .children()
          .forEach((name, child) -> enumerate(child, path.isEmpty() ? name : path + "/" + name));
    }
  }

  // First pass

  @Override
  public void before(Layer layer, Tensor x) {
    Part part = partOf.get(layer);
    if (part == null) {
      throw new IllegalStateException(
          layer
              + " is called but lies in no field of the model; keep it in a field (or a list or an array of layers)");
    }
    if (part.input == null) {
      if (x.rank() == 0) {
        throw new IllegalArgumentException(
            layer + " was called with a scalar; its input is (batch, …)");
      }
      Shape input = x.shape().withoutFirst();
      layer.prepare(part.path, part.index, input, new Declaring(part, x.dtype()));
      part.input = input;
    }
  }

  @Override
  public void after(Layer layer, Tensor y) {
    Part part = partOf.get(layer);
    if (part != null) {
      part.output = y.shape().withoutFirst();
    }
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
      String full = part.path.isEmpty() ? name : part.path + "/" + name;
      if (part.declared.stream().anyMatch(d -> d.name.equals(full))) {
        throw new IllegalStateException(
            part.layer + " declares two variables called \"" + name + "\"");
      }
      part.declared.add(new Declared(full, shape, initializer, trained));
      Tensor zeros = Tensor.zeros(dtype, shape);
      return new Variable(full, zeros, zeros, trained);
    }
  }

  // Second pass

  private ParameterVector layOut(long seed, DType dtype) {
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
      entries.add(new Entry(d.name, d.shape, offset, d.trained));
      offset = Math.addExact(offset, d.shape.size());
    }
    ParameterVector parameters = new ParameterVector(entries, dtype);
    for (int i = 0; i < entries.size(); i++) {
      Declared d = inOrder.get(i);
      write(
          parameters.values(),
          entries.get(i).offset(),
          d.initializer.values(d.shape, Philox.key(seed, i)));
    }
    for (Part part : parts) {
      if (part.input != null) {
        part.layer.prepare(part.path, part.index, part.input, new Giving(part, parameters));
      }
    }
    return parameters;
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
      String full = part.path.isEmpty() ? name : part.path + "/" + name;
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
