package io.tapestream.layers;

import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Orthogonal;
import io.tapestream.initializers.Zeros;
import io.tapestream.ops.Lstm;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A long short-term memory; Keras's {@code LSTM}. Gates and formulas: {@link Lstm}.
 *
 * <p>Input: (batch, steps, features); with it may come the state to begin with, h and c (batch,
 * units) each, else that is 0. Output: (batch, units), that of the last step; or with
 * returnSequences (batch, steps, units). Variables: kernel (features, 4·units), recurrent_kernel
 * (units, 4·units), bias (4·units), whose columns are those of the input gate, the forget gate, the
 * candidate and the output gate.
 */
public final class LSTM extends Recurrent {

  /**
   * The settings.
   *
   * @param units the length of the state
   * @param activation of candidate and output: linear, relu, sigmoid or tanh
   * @param recurrentActivation of the gates: likewise
   * @param useBias whether a bias is added
   * @param kernelInitializer the kernel's first values
   * @param recurrentInitializer the recurrent kernel's first values
   * @param biasInitializer the bias's first values
   * @param unitForgetBias whether 1 is added to those of the forget gate
   * @param returnSequences whether the output has all steps
   * @param returnState whether the last state, h and c, comes out too, as further outputs
   * @param goBackwards whether the last step is taken first; all steps come out in the order in
   *     which they were taken
   */
  public record Settings(
      int units,
      ActivationFunction activation,
      ActivationFunction recurrentActivation,
      boolean useBias,
      Initializer kernelInitializer,
      Initializer recurrentInitializer,
      Initializer biasInitializer,
      boolean unitForgetBias,
      boolean returnSequences,
      boolean returnState,
      boolean goBackwards)
      implements Common {

    /** Keras's defaults. */
    public Settings(int units) {
      this(units, false);
    }

    /** Keras's other defaults. */
    public Settings(int units, boolean returnSequences) {
      this(units, returnSequences, false);
    }

    /** Keras's other defaults. */
    public Settings(int units, boolean returnSequences, boolean goBackwards) {
      this(
          units,
          ActivationFunction.TANH,
          ActivationFunction.SIGMOID,
          true,
          new GlorotUniform(),
          new Orthogonal(),
          new Zeros(),
          true,
          returnSequences,
          false,
          goBackwards);
    }

    /** Checks the ranges stated above. */
    public Settings {
      Recurrent.check("LSTM", units, activation, recurrentActivation);
    }

    /** The same, with the outputs of all steps. */
    public Settings returningSequences() {
      return new Settings(
          units,
          activation,
          recurrentActivation,
          useBias,
          kernelInitializer,
          recurrentInitializer,
          biasInitializer,
          unitForgetBias,
          true,
          returnState,
          goBackwards);
    }

    /** The same, with the last state as further outputs. */
    public Settings returningState() {
      return new Settings(
          units,
          activation,
          recurrentActivation,
          useBias,
          kernelInitializer,
          recurrentInitializer,
          biasInitializer,
          unitForgetBias,
          returnSequences,
          true,
          goBackwards);
    }
  }

  /** The bias's first values, with 1 for the forget gate's. */
  private record UnitForget(Initializer others) implements Initializer {
    @Override
    public float[] values(Shape shape, long key) {
      float[] values = others.values(shape, key);
      int units = values.length / 4;
      Arrays.fill(values, units, 2 * units, 1f);
      return values;
    }
  }

  private final Settings settings;

  /** With these settings. */
  public LSTM(Settings settings) {
    super(settings, 4, 2);
    this.settings = settings;
  }

  /** Units of which the last output comes out. */
  public LSTM(int units) {
    this(new Settings(units));
  }

  /** Units of which all outputs, or only the last, come out. */
  public LSTM(int units, boolean returnSequences) {
    this(new Settings(units, returnSequences));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  Initializer biasInitializer() {
    Initializer given = settings.biasInitializer();
    return settings.unitForgetBias() ? new UnitForget(given) : given;
  }

  @Override
  Tensor states(Tensor x, List<Tensor> start) {
    return Lstm.of(
        x,
        kernel(),
        recurrentKernel(),
        bias(),
        start.get(0),
        start.get(1),
        settings.recurrentActivation().fused(),
        settings.activation().fused());
  }

  /** ONNX has i, o, f, c; these are i, f, c, o. */
  @Override
  OnnxRecurrence onnxRecurrence() {
    ActivationFunction activation = settings.activation();
    Tensor bias = bias();
    return new OnnxRecurrence(
        kernel(),
        recurrentKernel(),
        bias == null ? null : bias.toFloats(),
        null,
        new int[] {0, 3, 1, 2},
        List.of(settings.recurrentActivation(), activation, activation),
        call -> call.op("LSTM"));
  }
}
