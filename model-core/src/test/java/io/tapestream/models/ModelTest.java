package io.tapestream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Padding;
import io.tapestream.files.SafeTensors;
import io.tapestream.initializers.HeUniform;
import io.tapestream.initializers.Zeros;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.Layer;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.ops.Add;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Subtract;
import io.tapestream.optimizers.Adam;
import io.tapestream.reference.Reference;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.History;
import io.tapestream.training.Scores;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTest {

  /** A network of one's own: fields are its layers. */
  public static final class LeNet extends Model {
    private final Conv2D conv1 = new Conv2D(6, 5, Padding.SAME, ActivationFunction.TANH);
    private final AveragePooling2D pool1 = new AveragePooling2D();
    private final Conv2D conv2 = new Conv2D(16, 5, ActivationFunction.TANH);
    private final AveragePooling2D pool2 = new AveragePooling2D();
    private final Flatten flatten = new Flatten();
    private final Dense dense1 = new Dense(120, ActivationFunction.TANH);
    private final Dense dense2 = new Dense(84, ActivationFunction.TANH);
    private final Dense output = new Dense(10);

    @Override
    protected Tensor call(Tensor x, Context context) {
      x = pool1.apply(conv1.apply(x, context), context);
      x = pool2.apply(conv2.apply(x, context), context);
      x = dense1.apply(flatten.apply(x, context), context);
      return output.apply(dense2.apply(x, context), context);
    }
  }

  /**
   * Layers in a list, a model within a model, a layer called twice, constructed in another order
   * than declared.
   */
  static final class Residual extends Model {
    private final Dense last;
    private final List<Layer> blocks = new ArrayList<>();
    private final Model inner = Sequential.of(new Dense(3, ActivationFunction.RELU), new Dense(3));

    Residual() {
      blocks.add(new Dense(3, ActivationFunction.TANH));
      blocks.add(new Dense(3, ActivationFunction.TANH));
      last = new Dense(2);
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      for (Layer block : blocks) {
        x = Add.of(x, block.apply(x, context));
      }
      return last.apply(inner.apply(inner.apply(x, context), context), context);
    }
  }

  @Test
  void theSummaryTellsLayersShapesAndParameters() {
    LeNet model = new LeNet();
    model.build(Shape.of(28, 28, 1), 1);

    assertThat(model.summary())
        .isEqualTo(
            """
            Model: LeNet
            ───────────────────────────────────────────────────────────
            Layer (type)               Output shape          Parameters
            ───────────────────────────────────────────────────────────
            conv1 (Conv2D)             (batch, 28, 28, 6)           156
            pool1 (AveragePooling2D)   (batch, 14, 14, 6)             0
            conv2 (Conv2D)             (batch, 10, 10, 16)        2,416
            pool2 (AveragePooling2D)   (batch, 5, 5, 16)              0
            flatten (Flatten)          (batch, 400)                   0
            dense1 (Dense)             (batch, 120)              48,120
            dense2 (Dense)             (batch, 84)               10,164
            output (Dense)             (batch, 10)                  850
            ───────────────────────────────────────────────────────────
            Trained parameters: 61,706
            Statistics: 0
            Size: 241.0 KiB
            """);
  }

  @Test
  void parametersLieInTheOrderOfConstructionUnderTheNamesOfFields() {
    Residual model = new Residual();
    model.build(Shape.of(3), 1);

    assertThat(model.parameters().entries())
        .extracting(ParameterVector.Entry::name)
        .containsExactly(
            "inner/dense/kernel",
            "inner/dense/bias",
            "inner/dense_1/kernel",
            "inner/dense_1/bias",
            "blocks_0/kernel",
            "blocks_0/bias",
            "blocks_1/kernel",
            "blocks_1/bias",
            "last/kernel",
            "last/bias");
    assertThat(model.parameters().size())
        .isEqualTo(4 * 12 + 8)
        .isEqualTo(model.parameters().trainedSize());
    int end = 0;
    for (ParameterVector.Entry entry : model.parameters().entries()) {
      assertThat(entry.offset()).as(entry.name()).isEqualTo(end);
      end += entry.shape().size();
    }
  }

  /** Learns a mean that is not trained. */
  static final class Centre extends Layer {
    private Variable mean;
    private Variable scale;

    @Override
    public Record settings() {
      return new Model.None();
    }

    @Override
    protected void build(Shape input, Builder builder) {
      mean = builder.statistic("moving_mean", input, new Zeros());
      scale = builder.parameter("scale", input, new HeUniform());
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return Multiply.of(Subtract.of(x, mean.value()), scale.value());
    }
  }

  @Test
  void whatIsLearnedButNotTrainedLiesBehindAndNoOptimizerMovesIt() {
    Sequential model = Sequential.of(new Centre(), new Dense(3));
    model.build(Shape.of(4), 1);
    ParameterVector parameters = model.parameters();

    assertThat(parameters.entries())
        .extracting(ParameterVector.Entry::name)
        .containsExactly("centre/scale", "dense/kernel", "dense/bias", "centre/moving_mean");
    assertThat(parameters.trainedSize()).isEqualTo(4 + 12 + 3);
    assertThat(parameters.size()).isEqualTo(parameters.trainedSize() + 4);
    float[] means = {1, 2, 3, 4};
    parameters.load(parameters.trainedSize(), means, 0, 4);
    model.compile(new Adam(), new SparseCategoricalCrossEntropy(true));
    model.fit(clusters(30), FitOptions.of(10, 2));
    float[] after = new float[4];
    parameters.read(parameters.trainedSize(), after, 0, 4);
    assertThat(after).isEqualTo(means);
  }

  /** A layer made of layers: x + second(first(x)). */
  public static final class Block extends Layer {
    public record Settings(int units) {}

    private final Settings settings;
    private final Dense first;
    private final Map<String, Layer> rest = new LinkedHashMap<>();

    public Block(Settings settings) {
      this.settings = settings;
      first = new Dense(settings.units(), ActivationFunction.TANH);
      rest.put("second", new Dense(settings.units()));
    }

    @Override
    public Settings settings() {
      return settings;
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return Add.of(x, rest.get("second").apply(first.apply(x, context), context));
    }
  }

  @Test
  void aLayerMayBeMadeOfLayers() {
    Block block = new Block(new Block.Settings(3));
    Sequential model = Sequential.of(block, new Dense(2));
    model.build(Shape.of(3), 1);

    assertThat(model.parameters().entries())
        .extracting(ParameterVector.Entry::name)
        .containsExactly(
            "block/first/kernel",
            "block/first/bias",
            "block/rest_second/kernel",
            "block/rest_second/bias",
            "dense/kernel",
            "dense/bias");
    Model again = Specs.read(Specs.toJson(model), Model.class);
    again.build(Shape.of(3), 1);
    Tensor x = Tensor.of(Reference.uniform(1, 6), 2, 3);
    assertThat(again.predict(x).toFloats()).isEqualTo(model.predict(x).toFloats());
    assertThat(block.first.trainable()).isTrue();
    block.trainable(false);
    assertThat(block.first.trainable()).isFalse();
    assertThat(model.summary())
        .contains("block/first (Dense)")
        .contains("Trained parameters: 32\nFrozen of these: 24\n");
  }

  @Test
  void aSeedDecidesTheInitialBits() {
    assertThat(initial(7)).isEqualTo(initial(7)).isNotEqualTo(initial(8));
  }

  private static float[] initial(long seed) {
    Residual model = new Residual();
    model.build(Shape.of(3), seed);
    return model.parameters().values().toFloats();
  }

  @Test
  void aModelLearnsAndTellsHowItWent() {
    Sequential model = Sequential.of(new Dense(16, ActivationFunction.RELU), new Dense(3));
    model.build(Shape.of(4), 1);
    model.compile(new Adam(0.01), new SparseCategoricalCrossEntropy(true), new Accuracy());
    Batch data = clusters(300);

    Scores before = model.evaluate(data);
    History history = model.fit(data, FitOptions.of(32, 10).shuffled(5));
    Scores after = model.evaluate(data);

    assertThat(history.epochs()).hasSize(10);
    assertThat(history.losses().get(9)).isLessThan(history.losses().get(0) / 2);
    assertThat(history.metric("accuracy").get(9)).isGreaterThan(0.95);
    assertThat(history.last().examples()).isEqualTo(300);
    assertThat(after.loss()).isLessThan(before.loss());
    assertThat(after.metric("accuracy")).isGreaterThan(0.95);
    assertThatThrownBy(() -> after.metric("auc"))
        .hasMessageContaining("no metric \"auc\"; there are [accuracy]");
    assertThat(model.predict(data.features()).shape()).isEqualTo(Shape.of(300, 3));
  }

  @Test
  void theSameFitGivesTheSameBitsAndGivenBatchesCountAsCutOnes() {
    Batch data = clusters(100);
    List<Batch> batches =
        IntStream.iterate(0, from -> from < 100, from -> from + 32)
            .mapToObj(from -> data.slice(from, Math.min(100, from + 32)))
            .toList();
    FitOptions options = FitOptions.of(32, 2);

    float[] cut = fitted(m -> m.fit(data, options));

    assertThat(fitted(m -> m.fit(data, options))).isEqualTo(cut);
    assertThat(fitted(m -> m.fit(batches, options))).isEqualTo(cut);
    assertThat(fitted(m -> m.fit(data, options.shuffled(1))))
        .isEqualTo(fitted(m -> m.fit(data, options.shuffled(1))))
        .isNotEqualTo(cut)
        .isNotEqualTo(fitted(m -> m.fit(data, options.shuffled(2))));
  }

  private static float[] fitted(Consumer<Model> training) {
    Sequential model = Sequential.of(new Dense(3));
    model.build(Shape.of(4), 1);
    model.compile(new Adam(), new SparseCategoricalCrossEntropy(true));
    training.accept(model);
    return model.parameters().values().toFloats();
  }

  @Test
  void threadsPredictWhatOnePredicts() {
    Residual model = new Residual();
    model.build(Shape.of(3), 1);
    Tensor x = Tensor.of(Reference.uniform(1, 900), 300, 3);
    float[] alone = model.predict(x).toFloats();

    List<float[]> together =
        IntStream.range(0, 50).parallel().mapToObj(i -> model.predict(x).toFloats()).toList();

    assertThat(together).allSatisfy(y -> assertThat(y).isEqualTo(alone));
  }

  @Test
  void aModelIsItsSpecificationAndItsWeights(@TempDir Path directory) throws Exception {
    LeNet trained = new LeNet();
    trained.build(Shape.of(28, 28, 1), 1);
    Path file = directory.resolve("weights.safetensors");
    SafeTensors.write(file, trained.parameters().named(), Map.of());

    Model again = Specs.read(Specs.toJson(trained), Model.class);
    again.build(Shape.of(28, 28, 1), 2);
    again.parameters().load(SafeTensors.read(file));

    assertThat(Specs.toJson(trained).toString())
        .isEqualTo("{\"type\":\"" + LeNet.class.getName() + "\",\"settings\":{}}");
    Tensor x = Tensor.of(Reference.uniform(1, 784), 1, 28, 28, 1);
    assertThat(again.predict(x).toFloats()).isEqualTo(trained.predict(x).toFloats());
    Residual other = new Residual();
    other.build(Shape.of(3), 1);
    assertThatThrownBy(() -> other.parameters().load(SafeTensors.read(file)))
        .hasMessageContaining("no tensor")
        .hasMessageContaining("inner/dense/kernel");
  }

  @Test
  void aSequentialIsReadFromAList() throws Exception {
    Model model =
        Specs.read(
            new ObjectMapper()
                .readTree(
                    """
                    {"type": "Sequential", "settings": {"layers": [
                      {"type": "Flatten"},
                      {"type": "Dense", "settings": {"units": 5, "activation": "relu"}},
                      {"type": "Dropout", "settings": {"rate": 0.1}},
                      {"type": "Dense", "settings": {"units": 2}}]}}"""),
            Model.class);

    model.build(Shape.of(2, 2), 0);

    assertThat(model.outputShape()).isEqualTo(Shape.of(2));
    assertThat(Specs.toJson(Specs.read(Specs.toJson(model), Model.class)))
        .isEqualTo(Specs.toJson(model));
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> new LeNet().predict(Tensor.of(new float[784], 1, 28, 28, 1)))
        .hasMessage("LeNet has not been built; call build(Shape, seed) first");
    LeNet model = new LeNet();
    assertThatThrownBy(() -> model.build(Shape.of(28, 28), 0))
        .hasMessage(
            "layer \"conv1\" (Conv2D) expects input (batch, height, width, channels), got (batch, 28, 28)");
    model.build(Shape.of(28, 28, 1), 0);
    assertThatThrownBy(() -> model.fit(clusters(3), FitOptions.of(1, 1)))
        .hasMessage("LeNet has not been compiled; call compile(optimizer, loss, metrics) first");
    assertThatThrownBy(() -> model.predict(Tensor.of(new float[784], 1, 784)))
        .hasMessageContaining("LeNet")
        .hasMessageContaining("was built for input (batch, 28, 28, 1), got (1, 784)");
    assertThatThrownBy(() -> model.predict(Tensor.of(new float[0], 0, 784)))
        .as("no rows, but of another shape")
        .hasMessageContaining("was built for input (batch, 28, 28, 1), got (0, 784)");
    assertThatThrownBy(() -> model.predict(Tensor.scalar(1)))
        .hasMessageContaining("was called with a scalar");
    assertThat(model.predict(Tensor.of(new float[0], 0, 28, 28, 1)).shape())
        .isEqualTo(Shape.of(0, 10));
    assertThatThrownBy(() -> new Stray().build(Shape.of(2), 0))
        .hasMessageContaining("layer (Dense) is called but lies in no field of the model");
    assertThatThrownBy(() -> new Empty().build(Shape.of(2), 0))
        .hasMessageContaining("field dense of " + Empty.class.getName() + " is null");
  }

  @Test
  void aLayerWithoutAnOutputPerExampleIsRefused() {
    assertThatThrownBy(() -> new Gives(x -> io.tapestream.ops.Sum.of(x)).build(Shape.of(2), 0))
        .hasMessageContaining("(Gives) returned a scalar; its output is (batch, …)");
    assertThatThrownBy(() -> new Gives(x -> null).build(Shape.of(2), 0))
        .hasMessageContaining("(Gives) returned null");
  }

  static final class Gives extends Model {
    private final UnaryOperator<Tensor> function;

    Gives(UnaryOperator<Tensor> function) {
      this.function = function;
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return function.apply(x);
    }
  }

  static final class Stray extends Model {
    @Override
    protected Tensor call(Tensor x, Context context) {
      return new Dense(1).apply(x, context);
    }
  }

  static final class Empty extends Model {
    private Dense dense;

    @Override
    protected Tensor call(Tensor x, Context context) {
      return dense.apply(x, context);
    }
  }

  /** Three clusters of points in four dimensions. */
  private static Batch clusters(int n) {
    float[] points = Reference.uniform(1, n * 4);
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
      points[i * 4 + (int) labels[i]] += 1;
    }
    return Batch.of(Tensor.of(points, n, 4), Tensor.of(labels));
  }
}
