package io.tapestream.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Orthogonal;
import io.tapestream.initializers.Zeros;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Embedding;
import io.tapestream.layers.GRU;
import io.tapestream.layers.Input;
import io.tapestream.layers.LSTM;
import io.tapestream.layers.Layer;
import io.tapestream.layers.LayerCases;
import io.tapestream.layers.ReLU;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.models.Functional;
import io.tapestream.models.Model;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxLayersTest {

  /** Every layer: {@code LayersTest} holds that none is missing among the cases. */
  static Stream<Arguments> layers() {
    return LayerCases.built().stream().map(built -> Arguments.of(built.layer(), built.model()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("layers")
  void everyLayerGivesInOnnxruntimeWhatItGivesHere(Layer layer, Model model) {
    assertThat(layer)
        .as("a layer says its ONNX form, or why it has none")
        .isInstanceOf(OnnxForm.class);
    OnnxRuntimeRun.scatterParameters(model);
    OnnxRuntimeRun.assertSameOutputs(
        model, layer instanceof Embedding table ? table.settings().inputDim() : 0);
  }

  /** Settings that the cases above leave at their defaults. */
  static Stream<Layer> furtherSettings() {
    ActivationFunction linear = ActivationFunction.LINEAR;
    ActivationFunction relu = ActivationFunction.RELU;
    ActivationFunction sigmoid = ActivationFunction.SIGMOID;
    return Stream.of(
        new ReLU(new ReLU.Settings(null, 0, 0.5)),
        new ReLU(new ReLU.Settings(0.9, 0, 0)),
        lstm(linear, sigmoid, true),
        lstm(relu, linear, true),
        lstm(ActivationFunction.TANH, relu, false),
        gru(linear, sigmoid, true, true),
        gru(relu, linear, false, true),
        gru(ActivationFunction.TANH, sigmoid, false, false));
  }

  private static LSTM lstm(ActivationFunction activation, ActivationFunction gates, boolean bias) {
    return new LSTM(
        new LSTM.Settings(
            3,
            activation,
            gates,
            bias,
            new GlorotUniform(),
            new Orthogonal(),
            new Zeros(),
            true,
            true,
            true,
            true));
  }

  private static GRU gru(
      ActivationFunction activation, ActivationFunction gates, boolean resetAfter, boolean bias) {
    return new GRU(
        new GRU.Settings(
            3,
            activation,
            gates,
            bias,
            new GlorotUniform(),
            new Orthogonal(),
            new Zeros(),
            resetAfter,
            true,
            true,
            true));
  }

  @ParameterizedTest(name = "{0} {index}")
  @MethodSource("furtherSettings")
  void settingsKeepTheirMeaning(Layer layer) {
    SymbolicTensor x = Input.of(4, 2);
    Functional model = Model.of(List.of(x), layer.applyAll(List.of(x)));
    model.build(1);
    OnnxRuntimeRun.scatterParameters(model);
    OnnxRuntimeRun.assertSameOutputs(model, 0);
  }
}
