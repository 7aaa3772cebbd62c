package io.tapestream.serving.follow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.VersionWeights;
import io.tapestream.models.Model;
import io.tapestream.specs.SpecException;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Builds a model from {@code model.json}, whose bytes must be those of the manifest, for the
 * manifest's input shape, and sets its parameters from its weights.
 */
final class ModelLoader implements VersionLoader {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ClassLoader classes;

  /** A loader that finds the models' own classes with {@code classes}. */
  ModelLoader(ClassLoader classes) {
    this.classes = classes;
  }

  @Override
  public ServedModel load(Manifest manifest, Path directory) throws IOException {
    Path spec = directory.resolve(Manifest.MODEL);
    Model model = read(manifest.read(directory, Manifest.MODEL), spec);
    boolean loaded = false;
    try {
      build(model, manifest, spec);
      model.parameters().gradients().close(); // a served model is never trained
      setParameters(
          model,
          directory.resolve(VersionWeights.file(manifest)),
          VersionWeights.read(directory, manifest));
      loaded = true;
      return new Loaded(model);
    } finally {
      if (!loaded) {
        model.close();
      }
    }
  }

  private static void build(Model model, Manifest manifest, Path spec)
      throws InvalidVersionException {
    int[] dims = manifest.signature().inputShape().stream().mapToInt(Integer::intValue).toArray();
    try {
      model.build(Shape.of(dims), 0);
    } catch (IllegalArgumentException e) {
      throw new InvalidVersionException(
          spec + " names a model that doesn't take the manifest's inputShape: " + e.getMessage(),
          e);
    }
  }

  private static void setParameters(Model model, Path file, SafeTensors.Contents weights)
      throws InvalidVersionException {
    try {
      model.parameters().load(weights);
    } catch (IllegalArgumentException e) {
      throw new InvalidVersionException(file + " doesn't fit the model: " + e.getMessage(), e);
    }
  }

  private Model read(byte[] json, Path file) throws IOException {
    JsonNode spec = JSON.readTree(json);
    try {
      return Specs.read(spec, Model.class, classes);
    } catch (SpecException e) {
      throw new InvalidVersionException(
          file + " names no model that can be made here: " + e.getMessage(), e);
    }
  }

  private record Loaded(Model model, List<TensorSpec> outputs) implements ServedModel {
    Loaded(Model model) {
      this(model, outputsOf(model));
    }

    private static List<TensorSpec> outputsOf(Model model) {
      List<String> names = model.outputNames();
      List<Shape> shapes = model.outputShapes();
      return IntStream.range(0, names.size())
          .mapToObj(i -> new TensorSpec(names.get(i), boxed(shapes.get(i))))
          .toList();
    }

    @Override
    public List<NamedValues> predict(float[] inputs, int rows) {
      List<NamedValues> values = new ArrayList<>();
      try (Tensor features = Tensor.of(inputs, model.inputShape().prepend(rows).dims())) {
        for (Tensor prediction : model.predict(List.of(features))) {
          try (prediction) {
            String name = outputs.get(values.size()).name();
            values.add(new NamedValues(name, boxed(prediction.shape()), prediction.toFloats()));
          }
        }
      }
      return values;
    }

    private static List<Integer> boxed(Shape shape) {
      return IntStream.of(shape.dims()).boxed().toList();
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
