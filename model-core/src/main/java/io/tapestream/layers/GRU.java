package io.tapestream.layers;

import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Orthogonal;
import io.tapestream.initializers.Zeros;
import io.tapestream.ops.Add;
import io.tapestream.ops.BiasActivation;
import io.tapestream.ops.Concat;
import io.tapestream.ops.Gru;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Reshape;
import io.tapestream.ops.Slice;
import io.tapestream.ops.Subtract;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A gated recurrent unit; Keras's {@code GRU}. Gates and formulas: {@link Gru}; without resetAfter,
 * which is the form of the first paper, the reset gate multiplies the state before its product:
 * {@code g = ψ(A + (r ∘ H)·U)}.
 *
 * <p>Input: (batch, steps, features); with it may come the state to begin with, (batch, units),
 * else that is 0. Output: (batch, units), that of the last step; or with returnSequences (batch,
 * steps, units). Variables: kernel (features, 3·units), recurrent_kernel (units, 3·units), whose
 * columns are those of the update gate, the reset gate and the candidate; bias (2, 3·units), of the
 * input and of the recurrent part, without resetAfter (3·units).
 */
public final class GRU extends Recurrent {

  /**
   * The settings.
   *
   * @param units the length of the state
   * @param activation of the candidate: linear, relu, sigmoid or tanh
   * @param recurrentActivation of the gates: likewise
   * @param useBias whether a bias is added
   * @param kernelInitializer the kernel's first values
   * @param recurrentInitializer the recurrent kernel's first values
   * @param biasInitializer the bias's first values
   * @param resetAfter whether the reset gate multiplies after the product
   * @param returnSequences whether the output has all steps
   * @param returnState whether the last state comes out too, as a second output
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
      boolean resetAfter,
      boolean returnSequences,
      boolean returnState,
      boolean goBackwards)
      implements Common {

    /** Keras's defaults. */
    public Settings(int units) {
      this(units, true, false, false);
    }

    /** Keras's other defaults. */
    public Settings(int units, boolean returnSequences) {
      this(units, true, returnSequences, false);
    }

    /** Keras's other defaults. */
    public Settings(int units, boolean resetAfter, boolean returnSequences, boolean goBackwards) {
      this(
          units,
          ActivationFunction.TANH,
          ActivationFunction.SIGMOID,
          true,
          new GlorotUniform(),
          new Orthogonal(),
          new Zeros(),
          resetAfter,
          returnSequences,
          false,
          goBackwards);
    }

    /** Checks the ranges stated above. */
    public Settings {
      Recurrent.check("GRU", units, activation, recurrentActivation);
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
          resetAfter,
          true,
          returnState,
          goBackwards);
    }

    /** The same, with the last state as a second output. */
    public Settings returningState() {
      return new Settings(
          units,
          activation,
          recurrentActivation,
          useBias,
          kernelInitializer,
          recurrentInitializer,
          biasInitializer,
          resetAfter,
          returnSequences,
          true,
          goBackwards);
    }
  }

  private final Settings settings;

  /** With these settings. */
  public GRU(Settings settings) {
    super(settings, 3, 1);
    this.settings = settings;
  }

  /** Units of which the last output comes out. */
  public GRU(int units) {
    this(new Settings(units));
  }

  /** Units of which all outputs, or only the last, come out. */
  public GRU(int units, boolean returnSequences) {
    this(new Settings(units, returnSequences));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  Shape biasShape(int columns) {
    return settings.resetAfter() ? Shape.of(2, columns) : Shape.of(columns);
  }

  @Override
  Tensor states(Tensor x, List<Tensor> start) {
    return settings.resetAfter() ? after(x, start.get(0)) : before(x, start.get(0));
  }

  private Tensor after(Tensor x, Tensor start) {
    return Gru.of(
        x,
        kernel(),
        recurrentKernel(),
        bias(),
        start,
        settings.recurrentActivation().fused(),
        settings.activation().fused());
  }

  /** Op by op: the reset gate stands between the gates' product and the candidate's. */
  private Tensor before(Tensor x, Tensor start) {
    int units = settings.units();
    Tensor bias = bias();
    Tensor u = recurrentKernel();
    Tensor gateKernel = Slice.of(u, 1, 0, 2 * units);
    Tensor candidateKernel = Slice.of(u, 1, 2 * units, 3 * units);
    Tensor rows = Reshape.of(x, Shape.of(x.dim(0) * x.dim(1), x.dim(2)));
    Tensor product = MatMul.of(rows, kernel());
    Tensor inputs =
        Reshape.of(
            bias == null
                ? product
                : BiasActivation.of(product, bias, io.tapestream.backend.Activation.LINEAR),
            Shape.of(x.dim(0), x.dim(1), 3 * units));
    Tensor h = start;
    List<Tensor> states = new ArrayList<>();
    for (int t = 0; t < x.dim(1); t++) {
      Tensor input = Reshape.of(Slice.of(inputs, 1, t, t + 1), Shape.of(x.dim(0), 3 * units));
      Tensor gates =
          settings
              .recurrentActivation()
              .of(Add.of(Slice.of(input, 1, 0, 2 * units), MatMul.of(h, gateKernel)));
      Tensor update = Slice.of(gates, 1, 0, units);
      Tensor kept = Multiply.of(Slice.of(gates, 1, units, 2 * units), h);
      Tensor candidate =
          settings
              .activation()
              .of(
                  Add.of(
                      Slice.of(input, 1, 2 * units, 3 * units), MatMul.of(kept, candidateKernel)));
      h = Add.of(candidate, Multiply.of(update, Subtract.of(h, candidate)));
      states.add(Reshape.of(h, Shape.of(1, x.dim(0), units)));
    }
    return Concat.of(0, states);
  }

  /** ONNX has the same gates in the same order. */
  @Override
  OnnxRecurrence onnxRecurrence() {
    int columns = 3 * settings.units();
    float[] biases = bias() == null ? null : bias().toFloats();
    return new OnnxRecurrence(
        kernel(),
        recurrentKernel(),
        biases == null ? null : Arrays.copyOf(biases, columns),
        biases == null || !settings.resetAfter()
            ? null
            : Arrays.copyOfRange(biases, columns, 2 * columns),
        new int[] {0, 1, 2},
        List.of(settings.recurrentActivation(), settings.activation()),
        call -> call.op("GRU").integer("linear_before_reset", settings.resetAfter() ? 1 : 0));
  }
}
