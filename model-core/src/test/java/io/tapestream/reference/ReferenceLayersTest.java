package io.tapestream.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Padding;
import io.tapestream.initializers.HeNormal;
import io.tapestream.initializers.Zeros;
import io.tapestream.layers.Activation;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Add;
import io.tapestream.layers.Average;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Concatenate;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.ELU;
import io.tapestream.layers.Embedding;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.GRU;
import io.tapestream.layers.GlobalAveragePooling1D;
import io.tapestream.layers.GlobalAveragePooling2D;
import io.tapestream.layers.GlobalMaxPooling1D;
import io.tapestream.layers.GlobalMaxPooling2D;
import io.tapestream.layers.LSTM;
import io.tapestream.layers.Layer;
import io.tapestream.layers.LayerNormalization;
import io.tapestream.layers.LeakyReLU;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.layers.Maximum;
import io.tapestream.layers.Minimum;
import io.tapestream.layers.MultiHeadAttention;
import io.tapestream.layers.Multiply;
import io.tapestream.layers.Normalization;
import io.tapestream.layers.PReLU;
import io.tapestream.layers.Pooling2D;
import io.tapestream.layers.ReLU;
import io.tapestream.layers.Rescaling;
import io.tapestream.layers.Size2D;
import io.tapestream.layers.Softmax;
import io.tapestream.layers.Subtract;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.ops.Sum;
import io.tapestream.specs.Families;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layer computes, forwards and backwards, what layers.py had PyTorch compute. */
class ReferenceLayersTest {
  private static final int ROWS = 3;
  private static final Context TRAINING = Context.training(0, 0, 0);

  /** A model of one layer. */
  private static final class Alone extends Model {
    private final Layer layer;

    Alone(Layer layer) {
      this.layer = layer;
    }

    @Override
    protected Tensor call(List<Tensor> inputs, Context context) {
      return layer.apply(inputs, context);
    }
  }

  /** Case of layers.py, the layer, shapes of an example's inputs. */
  static Stream<Arguments> cases() {
    return Stream.of(
        of("Dense", new Dense(4), 3),
        of("Dense softmax", new Dense(4, ActivationFunction.SOFTMAX), 2, 3),
        of(
            "Dense tanh without a bias",
            new Dense(
                new Dense.Settings(2, ActivationFunction.TANH, false, new HeNormal(), new Zeros())),
            5),
        of("Conv2D same relu", new Conv2D(3, 3, Padding.SAME, ActivationFunction.RELU), 4, 5, 2),
        of("Conv2D sigmoid", new Conv2D(2, 2, ActivationFunction.SIGMOID), 4, 4, 1),
        of(
            "Conv2D strided",
            new Conv2D(
                new Conv2D.Settings(
                    2,
                    new Size2D(2, 3),
                    new Size2D(1, 2),
                    Padding.SAME,
                    ActivationFunction.LINEAR,
                    false,
                    new HeNormal(),
                    new Zeros())),
            3,
            5,
            2),
        of("MaxPooling2D", new MaxPooling2D(), 4, 5, 2),
        of("MaxPooling2D same", new MaxPooling2D(overlapping()), 5, 5, 2),
        of("AveragePooling2D", new AveragePooling2D(), 4, 5, 2),
        of("AveragePooling2D same", new AveragePooling2D(overlapping()), 5, 5, 2),
        of("Flatten", new Flatten(), 2, 3),
        of("Activation relu", new Activation(ActivationFunction.RELU), 5),
        of("Activation sigmoid", new Activation(ActivationFunction.SIGMOID), 5),
        of("Activation tanh", new Activation(ActivationFunction.TANH), 5),
        of("Activation softmax", new Activation(ActivationFunction.SOFTMAX), 2, 5),
        of("Activation elu", new Activation(ActivationFunction.ELU), 5),
        of("Activation selu", new Activation(ActivationFunction.SELU), 5),
        of("Activation gelu", new Activation(ActivationFunction.GELU), 5),
        of("Activation gelu_tanh", new Activation(ActivationFunction.GELU_TANH), 5),
        of("ReLU", new ReLU(new ReLU.Settings(0.7, 0.2, 0.1)), 9),
        of("LeakyReLU", new LeakyReLU(), 5),
        of("PReLU", new PReLU(), 2, 3),
        of("PReLU shared", new PReLU(new PReLU.Settings(new Zeros(), List.of(1, 2))), 2, 2, 3),
        of("ELU", new ELU(new ELU.Settings(0.5)), 5),
        of("Softmax", new Softmax(new Softmax.Settings(1)), 4, 3),
        of("BatchNormalization", new BatchNormalization(), 4),
        of(
            "BatchNormalization of images",
            new BatchNormalization(new BatchNormalization.Settings(0.9, 0.1, false, true)),
            2,
            3,
            2),
        of("BatchNormalization in inference", new BatchNormalization(), 4),
        of("Rescaling", new Rescaling(new Rescaling.Settings(0.5, -0.25)), 5),
        of(
            "Normalization",
            new Normalization(new Normalization.Settings(List.of(0.0), List.of(1.0))),
            4),
        of("LayerNormalization", new LayerNormalization(), 6),
        of(
            "LayerNormalization without a scale",
            new LayerNormalization(new LayerNormalization.Settings(0.1, true, false)),
            3,
            4),
        of("Embedding", new Embedding(6, 3), 4),
        of("GlobalAveragePooling1D", new GlobalAveragePooling1D(), 5, 2),
        of("GlobalMaxPooling1D", new GlobalMaxPooling1D(), 5, 2),
        of("GlobalAveragePooling2D", new GlobalAveragePooling2D(), 3, 4, 2),
        of("GlobalMaxPooling2D", new GlobalMaxPooling2D(), 3, 4, 2),
        of("LSTM", new LSTM(3), 4, 2),
        of("LSTM backwards", new LSTM(new LSTM.Settings(2, true, true)), 3, 2),
        of("GRU", new GRU(3), 4, 2),
        of("GRU backwards", new GRU(new GRU.Settings(2, true, true, true)), 3, 2),
        of("GRU reset before", new GRU(new GRU.Settings(2, false, true, false)), 3, 2),
        of("Add", new Add(), Shape.of(2, 3), Shape.of(1, 3), Shape.of(2, 3)),
        of("Subtract", new Subtract(), Shape.of(2, 3), Shape.of(1, 3)),
        of("Multiply", new Multiply(), Shape.of(2, 3), Shape.of(1, 3), Shape.of(2, 3)),
        of("Maximum", new Maximum(), Shape.of(2, 3), Shape.of(1, 3), Shape.of(2, 3)),
        of("Minimum", new Minimum(), Shape.of(2, 3), Shape.of(1, 3), Shape.of(2, 3)),
        of("Average", new Average(), Shape.of(2, 3), Shape.of(2, 3), Shape.of(2, 3)),
        of(
            "Concatenate",
            new Concatenate(new Concatenate.Settings(1)),
            Shape.of(2, 3),
            Shape.of(1, 3)),
        of("LSTM from a state", new LSTM(3), Shape.of(4, 2), Shape.of(3), Shape.of(3)),
        of("GRU from a state", new GRU(3), Shape.of(4, 2), Shape.of(3)),
        of("MultiHeadAttention", new MultiHeadAttention(2, 3), 4, 6),
        of(
            "MultiHeadAttention causal",
            new MultiHeadAttention(new MultiHeadAttention.Settings(2, 2, 0, true)),
            3,
            4),
        of(
            "MultiHeadAttention across",
            new MultiHeadAttention(
                new MultiHeadAttention.Settings(
                    2, 3, 4, 0, true, false, new HeNormal(), new Zeros())),
            Shape.of(4, 6),
            Shape.of(3, 5),
            Shape.of(3, 2)));
  }

  private static Arguments of(String name, Layer layer, int... input) {
    return Arguments.of(name, layer, List.of(Shape.of(input)));
  }

  private static Arguments of(String name, Layer layer, Shape... inputs) {
    return Arguments.of(name, layer, List.of(inputs));
  }

  private static Pooling2D.Settings overlapping() {
    return new Pooling2D.Settings(Size2D.square(3), Size2D.square(2), Padding.SAME);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void aLayerComputesWhatPyTorchComputes(String name, Layer layer, List<Shape> inputs) {
    check(name, layer, inputs, DType.FLOAT64, 1e-12);
    check(name, layer, inputs, DType.FLOAT32, 1e-5);
  }

  /** What dropout drops is drawn in another way; its test stands in LayersTest. */
  @Test
  void everyLayerHasItsReference() {
    Set<String> checked =
        new TreeSet<>(Families.namesOf(cases().map(arguments -> (Layer) arguments.get()[1])));
    checked.add(Dropout.class.getSimpleName());
    assertThat(checked).isEqualTo(Families.membersOf(Layer.class));
  }

  /**
   * @param tolerance of an error, as a share of the reference's largest magnitude
   */
  private static void check(
      String name, Layer layer, List<Shape> inputs, DType dtype, double tolerance) {
    Alone model = new Alone(layer);
    model.build(inputs, 0, dtype);
    ParameterVector parameters = model.parameters();
    write(parameters.values(), 0, values(parameters));
    boolean ids = layer instanceof Embedding;
    List<Tensor> x = new ArrayList<>();
    for (Shape input : inputs) {
      Tensor batch = Tensor.zeros(dtype, input.prepend(ROWS));
      write(batch, 0, ids ? ids(batch.size()) : draws(1 + 10 * x.size(), batch.size()));
      x.add(batch);
    }
    List<Tensor> sources = new ArrayList<>(ids ? List.of() : x);
    parameters.trainedVariables().stream().map(Variable::value).forEach(sources::add);
    Context context = name.endsWith("inference") ? Context.inference() : TRAINING;
    Tensor y;
    List<Tensor> gradients;
    try (GradientTape tape = new GradientTape()) {
      sources.forEach(tape::watch);
      y = model.apply(x, context);
      Tensor c = Tensor.zeros(dtype, y.shape());
      write(c, 0, draws(2, c.size()));
      gradients =
          new ArrayList<>(tape.gradient(Sum.of(io.tapestream.ops.Multiply.of(y, c)), sources));
    }
    String what = name + " in " + dtype + ", ";
    String path = "/cases/" + name + "/";
    assertClose(y.toDoubles(), path + "y", tolerance, what + "output");
    int count = ids ? 0 : x.size();
    double[] dx = flat(gradients.subList(0, count));
    double[] dvariables = flat(gradients.subList(count, gradients.size()));
    assertClose(dx, path + "dx", tolerance, what + "gradient of the input");
    assertClose(dvariables, path + "dvariables", tolerance, what + "gradient of the variables");
    double[] statistics = parameters.statistics().toDoubles();
    assertClose(statistics, path + "statistics", tolerance, what + "statistics");
    model.close();
  }

  private static void assertClose(double[] actual, String path, double tolerance, String what) {
    double[] expected = Reference.numbers("layers.json", path);
    assertThat(actual).as(what).hasSameSizeAs(expected);
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i]))
          .as("%s, element %d: %s, by PyTorch %s", what, i, actual[i], expected[i])
          .isLessThanOrEqualTo(tolerance * largest);
    }
  }

  private static double[] flat(List<Tensor> tensors) {
    return tensors.stream().flatMapToDouble(t -> Arrays.stream(t.toDoubles())).toArray();
  }

  /** Of all variables; statistics are positive, since they may be variances. */
  private static double[] values(ParameterVector parameters) {
    double[] values = draws(3, parameters.size());
    for (int i = parameters.trainedSize(); i < values.length; i++) {
      values[i] = Math.abs(values[i]);
    }
    return values;
  }

  private static double[] draws(int salt, int count) {
    double[] draws = new double[count];
    float[] uniform = Reference.uniform(salt, count);
    for (int i = 0; i < count; i++) {
      draws[i] = 2.0 * uniform[i] - 1;
    }
    return draws;
  }

  private static double[] ids(int count) {
    double[] ids = new double[count];
    float[] uniform = Reference.uniform(1, count);
    for (int i = 0; i < count; i++) {
      ids[i] = Math.floor(6.0 * uniform[i]);
    }
    return ids;
  }

  private static void write(Tensor tensor, int from, double[] values) {
    if (tensor.dtype() == DType.FLOAT64) {
      tensor.write(from, values, 0, values.length);
    } else {
      for (int i = 0; i < values.length; i++) {
        tensor.write(from + i, new float[] {(float) values[i]}, 0, 1);
      }
    }
  }
}
