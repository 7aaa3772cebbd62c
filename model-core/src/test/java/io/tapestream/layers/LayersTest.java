package io.tapestream.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.backend.Padding;
import io.tapestream.initializers.Constant;
import io.tapestream.initializers.HeNormal;
import io.tapestream.initializers.Zeros;
import io.tapestream.models.Functional;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.reference.Reference;
import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LayersTest {

  /** Layer, shape of an example, shape of what becomes of it. */
  static Stream<Arguments> layers() {
    return Stream.of(
        Arguments.of(new Dense(4), Shape.of(3), Shape.of(4)),
        Arguments.of(new Dense(4, ActivationFunction.SOFTMAX), Shape.of(2, 3), Shape.of(2, 4)),
        Arguments.of(
            new Dense(
                new Dense.Settings(2, ActivationFunction.TANH, false, new HeNormal(), new Zeros())),
            Shape.of(5),
            Shape.of(2)),
        Arguments.of(
            new Conv2D(3, 3, Padding.SAME, ActivationFunction.RELU),
            Shape.of(4, 5, 2),
            Shape.of(4, 5, 3)),
        Arguments.of(
            new Conv2D(2, 2, ActivationFunction.SIGMOID), Shape.of(4, 4, 1), Shape.of(3, 3, 2)),
        Arguments.of(
            new Conv2D(
                new Conv2D.Settings(
                    2,
                    new Size2D(2, 3),
                    new Size2D(1, 2),
                    Padding.SAME,
                    ActivationFunction.SOFTMAX,
                    false,
                    new HeNormal(),
                    new Zeros())),
            Shape.of(3, 5, 2),
            Shape.of(3, 3, 2)),
        Arguments.of(new MaxPooling2D(), Shape.of(4, 5, 2), Shape.of(2, 2, 2)),
        Arguments.of(
            new MaxPooling2D(
                new Pooling2D.Settings(Size2D.square(3), Size2D.square(2), Padding.SAME)),
            Shape.of(5, 5, 2),
            Shape.of(3, 3, 2)),
        Arguments.of(new AveragePooling2D(), Shape.of(4, 5, 2), Shape.of(2, 2, 2)),
        Arguments.of(
            new AveragePooling2D(
                new Pooling2D.Settings(Size2D.square(3), Size2D.square(2), Padding.SAME)),
            Shape.of(5, 5, 2),
            Shape.of(3, 3, 2)),
        Arguments.of(new Flatten(), Shape.of(2, 3, 2), Shape.of(12)),
        Arguments.of(new Dropout(0.4), Shape.of(4, 5), Shape.of(4, 5)),
        Arguments.of(new Activation(ActivationFunction.LINEAR), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.RELU), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.SIGMOID), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.TANH), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.SOFTMAX), Shape.of(2, 5), Shape.of(2, 5)),
        Arguments.of(new Activation(ActivationFunction.ELU), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.SELU), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.GELU), Shape.of(5), Shape.of(5)),
        Arguments.of(new Activation(ActivationFunction.GELU_TANH), Shape.of(5), Shape.of(5)),
        Arguments.of(new Dense(4, ActivationFunction.SELU), Shape.of(3), Shape.of(4)),
        Arguments.of(new ReLU(), Shape.of(5), Shape.of(5)),
        Arguments.of(new ReLU(new ReLU.Settings(0.7, 0.2, 0.1)), Shape.of(9), Shape.of(9)),
        Arguments.of(new LeakyReLU(), Shape.of(2, 3), Shape.of(2, 3)),
        Arguments.of(new PReLU(), Shape.of(2, 3), Shape.of(2, 3)),
        Arguments.of(
            new PReLU(new PReLU.Settings(new Constant(0.2), List.of(1, 2))),
            Shape.of(2, 2, 3),
            Shape.of(2, 2, 3)),
        Arguments.of(new ELU(), Shape.of(5), Shape.of(5)),
        Arguments.of(new ELU(new ELU.Settings(0.5)), Shape.of(5), Shape.of(5)),
        Arguments.of(new Softmax(), Shape.of(2, 5), Shape.of(2, 5)),
        Arguments.of(new Softmax(new Softmax.Settings(1)), Shape.of(4, 3), Shape.of(4, 3)),
        Arguments.of(new BatchNormalization(), Shape.of(4), Shape.of(4)),
        Arguments.of(
            new BatchNormalization(new BatchNormalization.Settings(0.9, 0.1, false, true)),
            Shape.of(2, 3, 2),
            Shape.of(2, 3, 2)),
        Arguments.of(
            new Rescaling(new Rescaling.Settings(2, -0.5)), Shape.of(2, 3), Shape.of(2, 3)),
        Arguments.of(
            new Normalization(
                new Normalization.Settings(List.of(0.5, -1.0, 2.0), List.of(0.25, 4.0, 1.0))),
            Shape.of(2, 3),
            Shape.of(2, 3)),
        Arguments.of(new LayerNormalization(), Shape.of(6), Shape.of(6)),
        Arguments.of(
            new LayerNormalization(new LayerNormalization.Settings(0.1, true, false)),
            Shape.of(3, 4),
            Shape.of(3, 4)),
        Arguments.of(new Embedding(6, 3), Shape.of(4), Shape.of(4, 3)),
        Arguments.of(new GlobalAveragePooling2D(), Shape.of(3, 4, 2), Shape.of(2)),
        Arguments.of(new GlobalMaxPooling2D(), Shape.of(3, 4, 2), Shape.of(2)),
        Arguments.of(
            new GlobalMaxPooling2D(new GlobalPooling.Settings(true)),
            Shape.of(3, 4, 2),
            Shape.of(1, 1, 2)),
        Arguments.of(new GlobalAveragePooling1D(), Shape.of(5, 2), Shape.of(2)),
        Arguments.of(new GlobalMaxPooling1D(), Shape.of(5, 2), Shape.of(2)),
        Arguments.of(new LSTM(3), Shape.of(4, 2), Shape.of(3)),
        Arguments.of(new LSTM(2, true), Shape.of(3, 2), Shape.of(3, 2)),
        Arguments.of(new LSTM(new LSTM.Settings(2, true, true)), Shape.of(3, 2), Shape.of(3, 2)),
        Arguments.of(new GRU(3), Shape.of(4, 2), Shape.of(3)),
        Arguments.of(
            new GRU(new GRU.Settings(2, true, true, true)), Shape.of(3, 2), Shape.of(3, 2)),
        Arguments.of(
            new GRU(new GRU.Settings(2, false, true, false)), Shape.of(3, 2), Shape.of(3, 2)),
        Arguments.of(new MultiHeadAttention(2, 3), Shape.of(4, 5), Shape.of(4, 5)),
        Arguments.of(
            new MultiHeadAttention(new MultiHeadAttention.Settings(2, 2, 0.3, true)),
            Shape.of(3, 4),
            Shape.of(3, 4)));
  }

  @ParameterizedTest(name = "{0} {1} → {2}")
  @MethodSource("layers")
  void aLayerKeepsTheContract(Layer layer, Shape input, Shape output) {
    LayerContract.check(layer, List.of(input), output);
  }

  /** Layer, shapes of an example's inputs, shape of what becomes of them. */
  static Stream<Arguments> layersOfSeveralInputs() {
    Shape x = Shape.of(2, 3);
    Shape row = Shape.of(1, 3);
    return Stream.of(
        Arguments.of(new Add(), List.of(x, x, x), x),
        Arguments.of(new Add(), List.of(row, x), x),
        Arguments.of(new Subtract(), List.of(x, row), x),
        Arguments.of(new Multiply(), List.of(x, row, x), x),
        Arguments.of(new Average(), List.of(x, x, x), x),
        Arguments.of(new Maximum(), List.of(x, row, x), x),
        Arguments.of(new Minimum(), List.of(row, x), x),
        Arguments.of(new Concatenate(), List.of(x, Shape.of(2, 1), x), Shape.of(2, 7)),
        Arguments.of(new Concatenate(new Concatenate.Settings(1)), List.of(x, row), Shape.of(3, 3)),
        Arguments.of(new LSTM(4), List.of(x, Shape.of(4), Shape.of(4)), Shape.of(4)),
        Arguments.of(new GRU(4, true), List.of(x, Shape.of(4)), Shape.of(2, 4)),
        Arguments.of(new MultiHeadAttention(2, 2), List.of(x, Shape.of(4, 2), Shape.of(4, 5)), x),
        Arguments.of(new MultiHeadAttention(1, 2), List.of(x, Shape.of(4, 2)), x));
  }

  @ParameterizedTest(name = "{0} {1} → {2}")
  @MethodSource("layersOfSeveralInputs")
  void aLayerOfSeveralInputsKeepsTheContract(Layer layer, List<Shape> inputs, Shape output) {
    LayerContract.check(layer, inputs, output);
  }

  @Test
  void inputsThatDoNotFitTogetherAreRefusedWithAllTheirShapes() {
    for (Layer layer : List.of(new Add(), new Concatenate(new Concatenate.Settings(1)))) {
      assertThatThrownBy(() -> layer.apply(List.of(Input.of(2, 3), Input.of(4, 4))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("(" + layer.getClass().getSimpleName() + ") expects input of")
          .hasMessageContaining("got (batch, 2, 3) and (batch, 4, 4)");
      assertThatThrownBy(() -> layer.apply(Input.of(2, 3)))
          .hasMessageContaining("expects input of at least two tensors, got (batch, 2, 3)");
    }
    assertThatThrownBy(() -> new LSTM(3).apply(List.of(Input.of(2, 3), Input.of(3))))
        .hasMessageContaining("alone or with 2 states (batch, 3)");
  }

  @Test
  void aRecurrentLayerGivesItsLastStateAndGoesOnFromIt() {
    LSTM lstm = new LSTM(new LSTM.Settings(3).returningSequences().returningState());
    List<SymbolicTensor> inputs = List.of(Input.of(2, 1), Input.of(3), Input.of(3));
    Functional model = Model.of(inputs, lstm.applyAll(inputs));
    model.build(1);
    float[] steps = Reference.uniform(5, 4);
    Tensor zeros = Tensor.zeros(DType.FLOAT32, Shape.of(1, 3));

    List<Tensor> first =
        model.predict(List.of(Tensor.of(Arrays.copyOf(steps, 2), 1, 2, 1), zeros, zeros));
    List<Tensor> second =
        model.predict(
            List.of(
                Tensor.of(Arrays.copyOfRange(steps, 2, 4), 1, 2, 1), first.get(1), first.get(2)));

    assertThat(Arrays.copyOfRange(first.get(0).toFloats(), 3, 6))
        .as("the last output is the last h")
        .isEqualTo(first.get(1).toFloats());
    LSTM whole = new LSTM(new LSTM.Settings(3, true));
    Sequential atOnce = Sequential.of(whole);
    atOnce.build(Shape.of(4, 1), 1);
    atOnce.parameters().values().copyFrom(model.parameters().values());
    float[] expected = atOnce.predict(Tensor.of(steps, 1, 4, 1)).toFloats();
    assertThat(second.get(0).toFloats())
        .containsExactly(Arrays.copyOfRange(expected, 6, 12), within(1e-6f));
  }

  @Test
  void aGatedUnitsStateIsItsLastOutput() {
    SymbolicTensor x = Input.of(4, 1);
    GRU gru = new GRU(new GRU.Settings(2).returningSequences().returningState());
    Functional model = Model.of(List.of(x), gru.applyAll(List.of(x)));
    model.build(1);

    List<Tensor> outputs = model.predict(List.of(Tensor.of(Reference.uniform(5, 4), 1, 4, 1)));

    assertThat(Arrays.copyOfRange(outputs.get(0).toFloats(), 6, 8))
        .isEqualTo(outputs.get(1).toFloats());
  }

  @Test
  void everyLayerIsCheckedHere() {
    assertThat(
            Families.namesOf(
                Stream.concat(layers(), layersOfSeveralInputs()).map(a -> (Layer) a.get()[0])))
        .isEqualTo(Families.membersOf(Layer.class));
  }

  @Test
  void aSpecificationMayLeaveOutWhatKerasLeavesOut() throws Exception {
    assertThat(
            settings(
                "{\"type\": \"Dense\", \"settings\": {\"units\": 3, \"activation\": \"relu\"}}"))
        .isEqualTo(new Dense.Settings(3).withActivation(ActivationFunction.RELU));
    assertThat(
            settings(
                "{\"type\": \"Conv2D\", \"settings\": {\"filters\": 3, \"kernelSize\": [2, 3]}}"))
        .isEqualTo(new Conv2D.Settings(3, new Size2D(2, 3)));
    assertThat(settings("{\"type\": \"MaxPooling2D\", \"settings\": {\"poolSize\": 3}}"))
        .as("strides follow the pool size")
        .isEqualTo(new Pooling2D.Settings(Size2D.square(3), Size2D.square(3), Padding.VALID));
    assertThat(settings("\"Flatten\"")).isEqualTo(new Flatten.Settings());
    assertThatThrownBy(() -> settings("{\"type\": \"Dense\"}"))
        .hasMessageContaining("missing setting");
    assertThatThrownBy(() -> settings("{\"type\": \"Dense\", \"settings\": {\"units\": 0}}"))
        .hasMessageContaining("Dense: units must be at least 1, got 0");
    assertThatThrownBy(
            () ->
                settings(
                    "{\"type\": \"Conv2D\", \"settings\": {\"filters\": 3, \"kernelSize\": \"big\"}}"))
        .hasMessageContaining("Layer.kernelSize")
        .hasMessageContaining("[height, width]");
  }

  @Test
  void aLayerSaysWhichInputItExpects() {
    assertThatThrownBy(
            () -> Sequential.of(new Conv2D(6, 5, ActivationFunction.RELU)).build(Shape.of(784), 0))
        .hasMessage(
            "layer \"conv2d\" (Conv2D) expects input (batch, height, width, channels), got (batch, 784)");
    assertThatThrownBy(
            () ->
                Sequential.of(new Conv2D(6, 2, ActivationFunction.RELU))
                    .build(Shape.of(4, 4, 0), 0))
        .hasMessage(
            "layer \"conv2d\" (Conv2D) expects input with at least one channel, got (batch, 4, 4, 0)");
    assertThatThrownBy(() -> Sequential.of(new MaxPooling2D(5)).build(Shape.of(4, 4, 1), 0))
        .hasMessage(
            "layer \"max_pooling2d\" (MaxPooling2D) expects input of at least its window, 5×5, got (batch, 4, 4, 1)");
    assertThatThrownBy(
            () ->
                new Dense(1)
                    .apply(Tensor.zeros(DType.FLOAT32, Shape.of(1, 1)), Context.inference()))
        .hasMessageContaining("layer (Dense) has not been built");
  }

  @Test
  void dropoutKeepsTheMeanDropsTheRateAndIsIdleInInference() {
    Dropout dropout = new Dropout(0.25);
    Sequential model = Sequential.of(dropout);
    model.build(Shape.of(1000), 0);
    float[] ones = new float[20_000];
    Arrays.fill(ones, 1);
    Tensor x = Tensor.of(ones, 20, 1000);

    float[] y = model.apply(x, Context.training(1, 2, 3)).toFloats();

    long dropped = IntStream.range(0, y.length).filter(i -> y[i] == 0).count();
    assertThat(dropped / 20_000.0).isBetween(0.24, 0.26);
    assertThat(y).containsOnly(0, 1 / 0.75f);
    assertThat(model.apply(x, Context.training(1, 2, 3)).toFloats()).isEqualTo(y);
    assertThat(model.apply(x, Context.inference()).toFloats()).containsOnly(1);
    for (Context other :
        new Context[] {
          Context.training(0, 2, 3), Context.training(1, 0, 3), Context.training(1, 2, 0)
        }) {
      assertThat(model.apply(x, other).toFloats()).as(other.toString()).isNotEqualTo(y);
    }
  }

  @Test
  void twoDropoutsOfAModelDrawApart() {
    Sequential model = Sequential.of(new Dropout(0.5), new Dropout(0.5));
    model.build(Shape.of(4000), 0);
    float[] ones = new float[4000];
    Arrays.fill(ones, 1);

    float[] y = model.apply(Tensor.of(ones, 1, 4000), Context.training(1, 2, 3)).toFloats();

    long kept = IntStream.range(0, y.length).filter(i -> y[i] != 0).count();
    assertThat(kept / 4000.0).isBetween(0.22, 0.28);
  }

  @Test
  void batchNormalizationLearnsTheMomentsThatItUsesInInference() {
    Sequential model = Sequential.of(new BatchNormalization());
    model.build(Shape.of(1), 0);
    Tensor x = Tensor.of(new float[] {1, 3}, 2, 1);
    for (int step = 0; step < 2000; step++) {
      model.apply(x, Context.training(1, 0, step));
    }
    assertThat(model.parameters().statistics().toFloats())
        .containsExactly(new float[] {2, 1}, within(1e-4f));
    float scale = (float) (1 / Math.sqrt(1.001));
    assertThat(model.predict(x).toFloats())
        .containsExactly(new float[] {-scale, scale}, within(1e-4f));
  }

  @Test
  void aStepProposesStatisticsAndALoopOfOnesOwnMovesThem() {
    Sequential model =
        Sequential.of(new BatchNormalization(new BatchNormalization.Settings(0.5, 1e-3)));
    model.build(Shape.of(1), 0);
    Tensor x = Tensor.of(new float[] {4, 8}, 2, 1);

    model.apply(x, Context.training(1, 0, 0));
    assertThat(model.parameters().statistics().toFloats()).containsExactly(3, 2.5f);

    model.parameters().proposedStatistics().copyFrom(model.parameters().statistics());
    model.apply(x, Context.training(1, 0, 1).proposingStatistics());
    assertThat(model.parameters().statistics().toFloats()).containsExactly(3, 2.5f);
    assertThat(model.parameters().proposedStatistics().toFloats()).containsExactly(4.5f, 3.25f);
  }

  @Test
  void anIdOutsideTheTableIsNamedWithItsLayer() {
    Sequential model = Sequential.of(new Embedding(5, 2));
    model.build(Shape.of(2), 0);
    for (float wrong : new float[] {5, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(
              () -> model.apply(Tensor.of(new float[] {1, wrong}, 1, 2), Context.inference()))
          .as("%s", wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("layer \"embedding\" (Embedding)");
    }
    assertThat(model.apply(Tensor.of(new long[] {4, 4}, 1, 2), Context.inference()).shape())
        .isEqualTo(Shape.of(1, 2, 2));
  }

  @Test
  void aCausalAttentionSeesNothingThatComesLater() {
    Sequential model =
        Sequential.of(new MultiHeadAttention(new MultiHeadAttention.Settings(2, 3, 0, true)));
    model.build(Shape.of(3, 2), 1);
    float[] before = {1, 2, 3, 4, 5, 6};
    float[] changed = {1, 2, 3, 4, -50, 60};

    float[] y = model.predict(Tensor.of(before, 1, 3, 2)).toFloats();
    float[] z = model.predict(Tensor.of(changed, 1, 3, 2)).toFloats();

    assertThat(Arrays.copyOf(z, 4)).isEqualTo(Arrays.copyOf(y, 4));
    assertThat(z[4]).isNotEqualTo(y[4]);
  }

  @Test
  void anLstmsForgetGateBeginsOpenAndItsRecurrentKernelOrthogonal() {
    Sequential model = Sequential.of(new LSTM(2));
    model.build(Shape.of(3, 1), 1);
    float[] bias = new float[8];
    model.parameters().read(model.parameters().trainedSize() - 8, bias, 0, 8);
    assertThat(bias).containsExactly(0, 0, 1, 1, 0, 0, 0, 0);
    assertThatThrownBy(() -> new LSTM.Settings(0)).hasMessageContaining("LSTM: units");
    assertThatThrownBy(() -> Sequential.of(new LSTM(2)).build(Shape.of(3), 1))
        .hasMessageContaining("expects input (batch, steps, features)")
        .hasMessageContaining("got (batch, 3)");
  }

  private static Record settings(String spec) throws Exception {
    return Specs.read(new ObjectMapper().readTree(spec), Layer.class).settings();
  }
}
