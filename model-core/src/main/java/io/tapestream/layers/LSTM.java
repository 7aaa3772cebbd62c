package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Orthogonal;
import io.tapestream.initializers.Zeros;
import io.tapestream.ops.Lstm;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A long short-term memory; Keras's {@code LSTM}. Gates and formulas: {@link Lstm}.
 *
 * <p>Input: (batch, steps, features); with it may come the state to begin with, h and c (batch,
 * units) each, else that is 0. Output: (batch, units), that of the last step; or with
 * returnSequences (batch, steps, units). Variables: kernel (features, 4·units), recurrent_kernel
 * (units, 4·units), bias (4·units), whose columns are those of the input gate, the forget gate, the
 * candidate and the output gate.
 */
public final class LSTM extends Layer {

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
      boolean goBackwards) {

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
      Sizes.positive("LSTM", "units", units);
      Recurrent.checkActivation("LSTM", "activation", activation);
      Recurrent.checkActivation("LSTM", "recurrentActivation", recurrentActivation);
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
  private @Nullable Variable kernel;
  private @Nullable Variable recurrentKernel;
  private @Nullable Variable bias;

  /** With these settings. */
  public LSTM(Settings settings) {
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
  protected void build(List<Shape> inputs, Builder builder) {
    if (!Recurrent.fits(inputs, settings.units(), 2)) {
      throw expected(Recurrent.wanted(settings.units(), 2), inputs);
    }
    Shape input = inputs.get(0);
    int units = settings.units();
    Initializer first = settings.biasInitializer();
    kernel =
        builder.parameter(
            "kernel", Shape.of(input.dim(1), 4 * units), settings.kernelInitializer());
    recurrentKernel =
        builder.parameter(
            "recurrent_kernel", Shape.of(units, 4 * units), settings.recurrentInitializer());
    bias =
        settings.useBias()
            ? builder.parameter(
                "bias",
                Shape.of(4 * units),
                settings.unitForgetBias() ? new UnitForget(first) : first)
            : null;
  }

  @Override
  protected List<Tensor> callAll(List<Tensor> inputs, Context context) {
    Tensor x = inputs.get(0);
    Tensor y =
        Lstm.of(
            Recurrent.inOrder(x, settings.goBackwards()),
            built(kernel).value(),
            built(recurrentKernel).value(),
            bias == null ? null : bias.value(),
            Recurrent.start(inputs, 1, settings.units()),
            Recurrent.start(inputs, 2, settings.units()),
            settings.recurrentActivation().fused(),
            settings.activation().fused());
    int steps = x.dim(1);
    Tensor output = Recurrent.output(y, steps, settings.returnSequences());
    return settings.returnState()
        ? List.of(output, Recurrent.state(y, steps - 1), Recurrent.state(y, steps))
        : List.of(output);
  }
}
