package io.tapestream.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.SafeTensors.Contents;
import io.tapestream.files.SafeTensors.Named;
import io.tapestream.layers.Layer;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model.Built;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.specs.SpecException;
import io.tapestream.specs.Specified;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.training.Fit;
import io.tapestream.training.Goal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A model in one file of the safetensors format:
 *
 * <pre>
 * metadata  tapestream  "1", the layout of this file
 *           model       {"type": …, "settings": …}
 *           built       {"inputs": [[28, 28, 1]], "frozen": ["conv1"]}
 *           training    {"optimizer": {…}, "goals": [{"loss": {…}, "weight": 1, "metrics": […]}],
 *                        "steps": 960, "applied": 960}              only if it is compiled
 * tensors   the parameters by their names: conv1/kernel, conv1/bias, …
 *           the optimizer's slots: optimizer:0/conv1/kernel, …, optimizer:1/conv1/kernel, …
 * </pre>
 */
final class SavedModel {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FORMAT = "1";
  private static final String SLOTS = "optimizer:";

  // Writing

  static void write(Model model, Built built, @Nullable Fit fit, Path file) throws IOException {
    ParameterVector parameters = built.parameters();
    if (parameters.values().dtype() != DType.FLOAT32) {
      throw new IllegalStateException(
          "a model is saved in FLOAT32, this one is built in " + parameters.values().dtype());
    }
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("tapestream", FORMAT);
    metadata.put("model", readable(model, Model.class).toString());
    metadata.put("built", built(model, built).toString());
    List<Named> tensors = new ArrayList<>(parameters.named());
    if (fit != null) {
      metadata.put("training", training(fit).toString());
      tensors.addAll(slots(parameters, fit));
    }
    Path whole = file.toAbsolutePath();
    Files.createDirectories(whole.getParent());
    Path draft = Files.createTempDirectory(whole.getParent(), ".saving-");
    try {
      Path written = draft.resolve("model.safetensors");
      SafeTensors.write(written, tensors, metadata);
      Files.move(
          written, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft.resolve("model.safetensors"));
      Files.delete(draft);
    }
  }

  /** A specification from which the thing can be made again. */
  private static <T extends Specified> JsonNode readable(T thing, Class<T> kind) {
    JsonNode spec = Specs.toJson(thing);
    try {
      Specs.read(spec, kind);
      return spec;
    } catch (SpecException e) {
      throw new IllegalStateException(
          "this model can't be saved, since it could not be loaded again: " + e.getMessage(), e);
    }
  }

  private static JsonNode built(Model model, Built built) {
    ObjectNode node = JSON.createObjectNode();
    ArrayNode inputs = node.putArray("inputs");
    built.inputs().forEach(shape -> inputs.add(JSON.<JsonNode>valueToTree(shape.dims())));
    ArrayNode frozen = node.putArray("frozen");
    layersOf(model).forEach((path, layer) -> addIf(!layer.trainable(), frozen, path));
    return node;
  }

  private static void addIf(boolean condition, ArrayNode array, String value) {
    if (condition) {
      array.add(value);
    }
  }

  private static JsonNode training(Fit fit) {
    ObjectNode node = JSON.createObjectNode();
    node.set("optimizer", readable(fit.optimizer(), Optimizer.class));
    ArrayNode goals = node.putArray("goals");
    for (Goal goal : fit.goals()) {
      ObjectNode one = goals.addObject();
      one.set("loss", readable(goal.loss(), Loss.class));
      one.put("weight", goal.weight());
      ArrayNode metrics = one.putArray("metrics");
      goal.metrics().forEach(metric -> metrics.add(readable(metric, Metric.class)));
    }
    node.put("steps", fit.steps());
    node.put("applied", fit.update().applied());
    return node;
  }

  private static List<Named> slots(ParameterVector parameters, Fit fit) {
    List<Named> named = new ArrayList<>();
    for (int slot = 0; slot < fit.optimizer().slots(); slot++) {
      float[] flat = fit.update().slot(slot);
      for (ParameterVector.Entry entry : parameters.trainedEntries()) {
        named.add(
            new Named(
                slotName(slot, entry), entry.shape(), SafeTensors.Floats.of(flat, entry.offset())));
      }
    }
    return named;
  }

  private static String slotName(int slot, ParameterVector.Entry entry) {
    return SLOTS + slot + "/" + entry.name();
  }

  /** All layers of a model, itself included, by path. */
  private static Map<String, Layer> layersOf(Model model) {
    Map<String, Layer> layers = new HashMap<>();
    collect("", model, layers);
    return new TreeMap<>(layers);
  }

  private static void collect(String path, Layer layer, Map<String, Layer> layers) {
    layers.put(path, layer);
    layer
        .children()
        .forEach(
            (name, child) -> collect(path.isEmpty() ? name : path + "/" + name, child, layers));
  }

  // Reading

  static Model read(Path file) throws IOException {
    Contents contents = SafeTensors.read(file);
    Map<String, String> metadata = contents.metadata();
    String format = metadata.get("tapestream");
    if (!FORMAT.equals(format)) {
      throw new IOException(
          file
              + (format == null
                  ? " holds tensors but no model; read it with SafeTensors"
                  : " has layout " + format + ", this release reads " + FORMAT));
    }
    try {
      Model model = Specs.read(json(metadata, "model"), Model.class);
      build(model, json(metadata, "built"));
      List<Named> parameters =
          contents.tensors().stream().filter(t -> !t.name().startsWith(SLOTS)).toList();
      model.parameters().load(new Contents(parameters, contents.metadata()));
      if (metadata.containsKey("training")) {
        compile(model, json(metadata, "training"), contents);
      }
      return model;
    } catch (SpecException e) {
      throw new IOException(file + " names what can't be made here: " + e.getMessage(), e);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IOException(file + " holds no model: " + e.getMessage(), e);
    }
  }

  private static JsonNode json(Map<String, String> metadata, String key)
      throws JsonProcessingException {
    String text = metadata.get(key);
    if (text == null) {
      throw new IllegalArgumentException("its metadata has no \"" + key + "\"");
    }
    return JSON.readTree(text);
  }

  private static void build(Model model, JsonNode built) throws JsonProcessingException {
    List<Shape> inputs = new ArrayList<>();
    for (JsonNode dims : built.path("inputs")) {
      inputs.add(Shape.of(JSON.treeToValue(dims, int[].class)));
    }
    model.build(inputs, 0);
    Map<String, Layer> layers = layersOf(model);
    List<String> frozen = Arrays.asList(JSON.treeToValue(built.path("frozen"), String[].class));
    layers.forEach((path, layer) -> layer.trainable(!frozen.contains(path)));
  }

  private static void compile(Model model, JsonNode training, Contents contents)
      throws IOException {
    List<Goal> goals = new ArrayList<>();
    for (JsonNode goal : training.path("goals")) {
      List<Metric> metrics = new ArrayList<>();
      goal.path("metrics").forEach(metric -> metrics.add(Specs.read(metric, Metric.class)));
      goals.add(
          new Goal(
              Specs.read(goal.path("loss"), Loss.class), goal.path("weight").asDouble(), metrics));
    }
    Optimizer optimizer = Specs.read(training.path("optimizer"), Optimizer.class);
    model.compile(optimizer, goals);
    Fit fit = model.training();
    if (fit == null) {
      throw new IllegalStateException("a compiled model has a training");
    }
    List<float[]> slots = new ArrayList<>();
    ParameterVector parameters = model.parameters();
    for (int slot = 0; slot < optimizer.slots(); slot++) {
      float[] flat = new float[parameters.trainedSize()];
      for (ParameterVector.Entry entry : parameters.trainedEntries()) {
        float[] values = contents.tensor(slotName(slot, entry)).toFloats();
        System.arraycopy(values, 0, flat, entry.offset(), values.length);
      }
      slots.add(flat);
    }
    fit.update().restore(training.path("applied").asLong(), slots);
    fit.resume(training.path("steps").asLong());
  }

  private SavedModel() {}
}
