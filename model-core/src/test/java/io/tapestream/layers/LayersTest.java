package io.tapestream.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.backend.Padding;
import io.tapestream.initializers.HeNormal;
import io.tapestream.initializers.Zeros;
import io.tapestream.models.Sequential;
import io.tapestream.specs.Families;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
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
        Arguments.of(new Activation(ActivationFunction.SOFTMAX), Shape.of(2, 5), Shape.of(2, 5)));
  }

  @ParameterizedTest(name = "{0} {1} → {2}")
  @MethodSource("layers")
  void aLayerKeepsTheContract(Layer layer, Shape input, Shape output) {
    LayerContract.check(layer, input, output);
  }

  @Test
  void everyLayerIsCheckedHere() {
    assertThat(Families.namesOf(layers().map(a -> (Layer) a.get()[0])))
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

  private static Record settings(String spec) throws Exception {
    return Specs.read(new ObjectMapper().readTree(spec), Layer.class).settings();
  }
}
