package io.tapestream.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxModelMetadata;
import io.tapestream.backend.Padding;
import io.tapestream.layers.Activation;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Add;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Concatenate;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Embedding;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.GlobalAveragePooling2D;
import io.tapestream.layers.Input;
import io.tapestream.layers.LSTM;
import io.tapestream.layers.Layer;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.models.Functional;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Scale;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxExportTest {
  @TempDir Path folder;

  private static <M extends Model> M built(M model, int... input) {
    model.build(Shape.of(input), 1);
    OnnxRuntimeRun.scatterParameters(model);
    return model;
  }

  private static <M extends Model> M same(M model, int ids) {
    OnnxRuntimeRun.assertSameOutputs(model, ids);
    return model;
  }

  private static Sequential perceptron() {
    return built(
        Sequential.of(
            new Dense(32, ActivationFunction.RELU),
            new Dropout(0.2),
            new Dense(16, ActivationFunction.GELU),
            new Dense(10, ActivationFunction.SOFTMAX)),
        20);
  }

  @Test
  void aPerceptronGivesTheSameAndDropoutVanishes() throws Exception {
    Model model = same(perceptron(), 0);
    Path file = folder.resolve("deeper/perceptron.onnx");

    OnnxExport.write(model, file);

    GraphProto graph = ModelProto.parseFrom(Files.readAllBytes(file)).getGraph();
    assertThat(graph.getInput(0).getName()).isEqualTo("input");
    assertThat(graph.getOutput(0).getName()).isEqualTo("output");
    assertThat(graph.getInput(0).getType().getTensorType().getShape().getDim(0).getDimParam())
        .isEqualTo("batch");
    assertThat(graph.getInitializerList().stream().map(tensor -> tensor.getName()))
        .contains("dense/kernel", "dense_2/bias");
    assertThat(graph.getNodeList().stream().filter(node -> node.getName().contains("dropout")))
        .isEmpty();
    assertThat(file.getParent()).isDirectoryContaining("glob:**perceptron.onnx");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).as("nothing beside it").hasSize(1);
    }
  }

  @Test
  void lenetGivesTheSame() {
    same(
        built(
            Sequential.of(
                new Conv2D(6, 5, Padding.SAME, ActivationFunction.RELU),
                new MaxPooling2D(),
                new Conv2D(16, 5, ActivationFunction.TANH),
                new MaxPooling2D(),
                new Flatten(),
                new Dense(84, ActivationFunction.RELU),
                new Dense(10)),
            28,
            28,
            1),
        0);
  }

  @Test
  void betweenLayersOfImagesTransposesCancel() {
    Sequential model =
        built(
            Sequential.of(
                new Conv2D(8, 3, Padding.SAME, ActivationFunction.LINEAR),
                new BatchNormalization(),
                new Activation(ActivationFunction.RELU),
                new Conv2D(4, 3, Padding.SAME, ActivationFunction.ELU),
                new MaxPooling2D(),
                new BatchNormalization(),
                new GlobalAveragePooling2D(),
                new Dense(3)),
            8,
            8,
            2);
    same(model, 0);
    assertThat(OnnxRuntimeRun.operators(model))
        .containsExactly(
            "Transpose",
            "Conv",
            "BatchNormalization",
            "Relu",
            "Conv",
            "Elu",
            "MaxPool",
            "BatchNormalization",
            "Transpose",
            "ReduceMean",
            "MatMul",
            "Add",
            "Identity");
  }

  @Test
  void aClassifierOfSequencesGivesTheSame() {
    same(
        built(
            Sequential.of(
                new Embedding(30, 8),
                new LSTM(12, true),
                new LSTM(6),
                new Dense(1, ActivationFunction.SIGMOID)),
            15),
        30);
  }

  @Test
  void wideAndDeepGivesTheSame() {
    SymbolicTensor numbers = Input.of(5).named("numbers");
    SymbolicTensor users = Input.ids(1).named("user");
    SymbolicTensor items = Input.ids(3).named("items");
    SymbolicTensor user = new Flatten().apply(new Embedding(9, 4).apply(users));
    SymbolicTensor item = new Flatten().apply(new Embedding(9, 4).apply(items));
    SymbolicTensor deep =
        new Dense(8, ActivationFunction.RELU)
            .apply(new Concatenate().apply(List.of(numbers, user, item)));
    SymbolicTensor logit =
        new Add().apply(List.of(new Dense(1).apply(numbers), new Dense(1).apply(deep)));
    Functional model = Model.of(List.of(numbers, users, items), List.of(logit.named("logit")));
    model.build(1);
    OnnxRuntimeRun.scatterParameters(model);
    same(model, 9);
  }

  @Test
  void aGraphWithSharedLayersSeveralInputsAndOutputsAndModelsInItGivesTheSame() throws Exception {
    Dense shared = new Dense(6, ActivationFunction.RELU);
    SymbolicTensor left = Input.of(4).named("left");
    SymbolicTensor right = Input.of(4).named("right");
    Sequential inner = Sequential.of(new Dense(6), new Activation(ActivationFunction.SELU));
    SymbolicTensor a = shared.apply(left);
    SymbolicTensor b = shared.apply(right);
    SymbolicTensor both = new Add().apply(List.of(a, b)).named("both");
    Functional model =
        Model.of(List.of(left, right), List.of(both, inner.apply(both).named("end"), left));
    model.build(1);
    OnnxRuntimeRun.scatterParameters(model);

    GraphProto graph = ModelProto.parseFrom(OnnxRuntimeRun.export(model)).getGraph();

    assertThat(graph.getInputList().stream().map(info -> info.getName()))
        .containsExactly("left", "right");
    assertThat(graph.getOutputList().stream().map(info -> info.getName()))
        .containsExactly("both", "end", "left");
    same(model, 0);
    assertThat(
            graph.getInitializerList().stream().filter(t -> t.getName().endsWith("dense/kernel")))
        .as("a shared layer's weights are there once")
        .hasSize(2); // the inner model has a layer of this name too
  }

  /** Layers called by code of one's own. */
  static final class Residual extends Model {
    private final Dense hidden = new Dense(4, ActivationFunction.RELU);
    private final Dropout dropout = new Dropout(0.5);
    private final Add add = new Add();

    @Override
    protected Tensor call(Tensor x, Context context) {
      Tensor y = x;
      for (int i = 0; i < 3; i++) {
        y = add.apply(List.of(y, dropout.apply(hidden.apply(y, context), context)), context);
      }
      return y;
    }
  }

  @Test
  void aSubclassedModelIsWrittenByTheLayersItCalls() {
    Residual model = same(built(new Residual(), 4), 0);
    assertThat(OnnxRuntimeRun.operators(model)).hasSize(3 * 4 + 1).doesNotContain("Dropout");
  }

  /** Calls an op beside its layers. */
  static final class Halved extends Model {
    private final Dense dense = new Dense(2);

    @Override
    protected Tensor call(Tensor x, Context context) {
      return Scale.of(dense.apply(x, context), 0.5);
    }
  }

  /** A layer of someone's own, without a form. */
  static final class Half extends Layer {
    @Override
    public Record settings() {
      return new Flatten.Settings();
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return Scale.of(x, 0.5);
    }
  }

  @Test
  void whatHasNoFormIsRefusedByName() {
    assertThatThrownBy(() -> OnnxExport.check(built(new Halved(), 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("layer (Halved) returns a tensor that no layer has computed")
        .hasMessageContaining("use a layer in place of the op")
        .hasMessageContaining("implement OnnxForm");
    assertThatThrownBy(
            () -> OnnxExport.check(built(Sequential.of(new Dense(2), new Half(), new Dense(2)), 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "layer \"half\" (Half) has no ONNX form; let "
                + Half.class.getName()
                + " implement OnnxForm");
    assertThatThrownBy(() -> OnnxExport.check(built(Sequential.of(new Halved(), new Dense(2)), 3)))
        .hasMessageContaining("layer \"halved\" (Halved) returns");
    Sequential wide = Sequential.of(new Dense(2));
    wide.build(Shape.of(2), 1, DType.FLOAT64);
    assertThatThrownBy(() -> OnnxExport.check(wide)).hasMessageContaining("FLOAT64");
    assertThatThrownBy(() -> OnnxExport.check(Sequential.of(new Dense(2))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("build");
  }

  @Test
  void aModelThatNoFileCanHoldIsRefusedBeforeItIsCopied() {
    Model model = perceptron();
    assertThatThrownBy(() -> OnnxExport.proto(model, new OnnxExport.Origin("m", 1, Map.of()), 3000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("with \"dense_1/kernel\" the parameters take 4,")
        .hasMessageContaining("an ONNX file holds at most 3,000");
  }

  @Test
  void aFileSaysWhereItComesFromAndIsTheSameBytesEachTime() throws Exception {
    byte[] file = OnnxRuntimeRun.export(perceptron());

    OnnxModelMetadata metadata = OnnxRuntimeRun.metadata(file);

    assertThat(metadata.getProducerName()).isEqualTo("Tapestream");
    assertThat(metadata.getGraphName()).isEqualTo("tried");
    assertThat(metadata.getVersion()).isEqualTo(7);
    assertThat(metadata.getDescription()).isEqualTo("tried, version 7");
    assertThat(metadata.getCustomMetadata()).containsEntry("round", "96");
    ModelProto proto = ModelProto.parseFrom(file);
    assertThat(proto.getOpsetImport(0).getVersion()).isEqualTo(OnnxExport.OPSET);
    assertThat(OnnxRuntimeRun.export(perceptron())).isEqualTo(file);
  }
}
