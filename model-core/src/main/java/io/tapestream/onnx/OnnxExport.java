package io.tapestream.onnx;

import io.tapestream.layers.Context;
import io.tapestream.models.Functional;
import io.tapestream.models.Model;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import onnx.Onnx.ModelProto;

/**
 * Writes a model as ONNX, with what it computes in inference:
 *
 * <pre>{@code
 * OnnxExport.write(model, Path.of("lenet.onnx"));
 * }</pre>
 *
 * <p>Operators are those of {@link #OPSET} alone. Inputs and outputs have the model's shapes,
 * images with their channels last, behind an axis {@code batch} of any length; they are named as a
 * graph names them, or else {@code input} and {@code output} (numbered where there are several).
 * Weights are float32.
 *
 * <p>The model is called once on zeros and its layers say what they do ({@link OnnxForm}); so any
 * model will do, a subclass too, as long as it computes by layers alone and takes the same way for
 * every example. Anything else is refused by the name of the layer.
 */
@SuppressWarnings("try") // workspace scopes act by being open
public final class OnnxExport {

  /** The version of ONNX's operators that files are written in. */
  public static final int OPSET = 17;

  private static final long IR_VERSION = 8; // the one that came with the operators
  private static final long MOST_BYTES = Integer.MAX_VALUE - (1L << 20); // room for the nodes

  /**
   * What a file says of its model.
   *
   * @param model its name
   * @param version its number; 0 if it has none
   * @param properties further facts by name, such as the round
   */
  public record Origin(String model, long version, Map<String, String> properties) {
    /** Keeps a copy. */
    public Origin {
      properties = Map.copyOf(properties);
    }

    private String text() {
      return model + (version == 0 ? "" : ", version " + version);
    }
  }

  /**
   * Writes a model to a file, which it replaces whole.
   *
   * @throws IllegalArgumentException if it can't be written as ONNX, naming the layer that can't;
   *     or if its weights are not FLOAT32 or take 2 GiB or more
   * @throws IllegalStateException if it is not built
   */
  public static void write(Model model, Path file) throws IOException {
    write(model, new Origin(model.typeName(), 0, Map.of()), file);
  }

  /** As {@link #write(Model, Path)}, with the model's origin. */
  public static void write(Model model, Origin origin, Path file) throws IOException {
    ModelProto proto = proto(model, origin, MOST_BYTES);
    Path whole = file.toAbsolutePath();
    Files.createDirectories(whole.getParent());
    Path draft = Files.createTempFile(whole.getParent(), ".exporting-", ".onnx");
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(draft))) {
        proto.writeTo(out);
      }
      Files.move(draft, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /**
   * Writes a model to a stream, which stays open; the same model and origin are the same bytes.
   *
   * @throws IllegalArgumentException as {@link #write(Model, Path)}
   */
  public static void write(Model model, Origin origin, OutputStream out) throws IOException {
    proto(model, origin, MOST_BYTES).writeTo(out);
  }

  /**
   * Does nothing if the model can be written.
   *
   * @throws IllegalArgumentException as {@link #write(Model, Path)}
   */
  public static void check(Model model) {
    graph(model, "model", MOST_BYTES);
  }

  static ModelProto proto(Model model, Origin origin, long mostBytes) {
    String release = OnnxExport.class.getPackage().getImplementationVersion();
    ModelProto.Builder proto =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("Tapestream")
            .setProducerVersion(release == null ? "(not packaged)" : release)
            .setModelVersion(origin.version())
            .setDocString(origin.text())
            .setGraph(graph(model, origin.model(), mostBytes).build());
    proto.addOpsetImportBuilder().setDomain("").setVersion(OPSET);
    new TreeMap<>(origin.properties())
        .forEach((key, value) -> proto.addMetadataPropsBuilder().setKey(key).setValue(value));
    return proto.build();
  }

  private static OnnxGraph graph(Model model, String name, long mostBytes) {
    DType dtype = model.parameters().values().dtype();
    if (dtype != DType.FLOAT32) {
      throw new IllegalArgumentException(
          model + " is in " + dtype + "; build it in FLOAT32 to write it as ONNX");
    }
    OnnxGraph graph = new OnnxGraph(name, mostBytes);
    OnnxTracer tracer = new OnnxTracer(graph);
    try (Workspace memory = new Workspace();
        Workspace.Scope scope = memory.enter()) {
      List<Tensor> inputs = new ArrayList<>();
      for (Functional.In in : inputs(model)) {
        Shape shape = Shape.of(in.shape().stream().mapToInt(dim -> dim).toArray());
        Tensor zeros = Tensor.zeros(in.dtype(), shape.prepend(1));
        tracer.bind(zeros, graph.input(in.name(), in.dtype(), shape));
        inputs.add(zeros);
      }
      List<Tensor> outputs = model.applyAll(inputs, Context.inference().observedBy(tracer));
      for (int i = 0; i < outputs.size(); i++) {
        Tensor y = outputs.get(i);
        graph.output(
            model.outputNames().get(i), tracer.value(y), y.dtype(), y.shape().withoutFirst());
      }
    }
    return graph;
  }

  /** The inputs of a graph as it describes them; those of another model are real numbers. */
  private static List<Functional.In> inputs(Model model) {
    if (model instanceof Functional functional) {
      return functional.settings().inputs();
    }
    List<Shape> shapes = model.inputShapes();
    return IntStream.range(0, shapes.size())
        .mapToObj(
            i ->
                new Functional.In(
                    shapes.size() == 1 ? "input" : "input_" + i,
                    IntStream.of(shapes.get(i).dims()).boxed().toList(),
                    DType.FLOAT32))
        .toList();
  }

  private OnnxExport() {}
}
