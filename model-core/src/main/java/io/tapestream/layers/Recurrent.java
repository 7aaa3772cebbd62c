package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Reshape;
import io.tapestream.ops.Reverse;
import io.tapestream.ops.Slice;
import io.tapestream.ops.Transpose;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A layer that takes the steps of a sequence one after another, and carries a state from each to
 * the next.
 *
 * <p>Input: (batch, steps, features); with it may come the state to begin with, (batch, units) for
 * each of its parts, else that is 0. Output: (batch, units), that of the last step; or with
 * returnSequences (batch, steps, units). Variables: kernel (features, gates · units),
 * recurrent_kernel (units, gates · units) and a bias, the columns of one gate beside those of
 * another.
 */
public abstract class Recurrent extends Layer implements OnnxForm {

  /** What the settings of every recurrent layer have; each says what they mean. */
  interface Common {
    int units();

    ActivationFunction activation();

    ActivationFunction recurrentActivation();

    boolean useBias();

    Initializer kernelInitializer();

    Initializer recurrentInitializer();

    Initializer biasInitializer();

    boolean returnSequences();

    boolean returnState();

    boolean goBackwards();
  }

  private final Common common;
  private final int gates;
  private final int parts;
  private @Nullable Variable kernel;
  private @Nullable Variable recurrentKernel;
  private @Nullable Variable bias;

  /**
   * @param gates of a step, the candidate among them
   * @param parts of a state
   */
  Recurrent(Common common, int gates, int parts) {
    this.common = common;
    this.gates = gates;
    this.parts = parts;
  }

  /** Fails unless there are units, and a backend fuses the activations into its step. */
  static void check(
      String layer,
      int units,
      ActivationFunction activation,
      ActivationFunction recurrentActivation) {
    Sizes.positive(layer, "units", units);
    checkActivation(layer, "activation", activation);
    checkActivation(layer, "recurrentActivation", recurrentActivation);
  }

  private static void checkActivation(String layer, String setting, ActivationFunction activation) {
    if (!activation.isFused()) {
      throw new IllegalArgumentException(
          layer + ": " + setting + " must be linear, relu, sigmoid or tanh, got " + activation);
    }
  }

  @Override
  protected final void build(List<Shape> inputs, Builder builder) {
    if (!fits(inputs)) {
      throw expected(
          "(batch, steps, features) with at least one step, alone or with "
              + (parts == 1 ? "a state" : parts + " states")
              + " (batch, "
              + common.units()
              + ")",
          inputs);
    }
    int columns = gates * common.units();
    kernel =
        builder.parameter(
            "kernel", Shape.of(inputs.get(0).dim(1), columns), common.kernelInitializer());
    recurrentKernel =
        builder.parameter(
            "recurrent_kernel", Shape.of(common.units(), columns), common.recurrentInitializer());
    bias =
        common.useBias() ? builder.parameter("bias", biasShape(columns), biasInitializer()) : null;
  }

  /** Whether inputs are a sequence, alone or with a state. */
  private boolean fits(List<Shape> inputs) {
    Shape sequence = inputs.get(0);
    return sequence.rank() == 2
        && sequence.dim(0) > 0
        && (inputs.size() == 1 || inputs.size() == 1 + parts)
        && inputs.stream().skip(1).allMatch(Shape.of(common.units())::equals);
  }

  /** The bias's shape. */
  Shape biasShape(int columns) {
    return Shape.of(columns);
  }

  /** The bias's first values. */
  Initializer biasInitializer() {
    return common.biasInitializer();
  }

  @Override
  protected final List<Tensor> callAll(List<Tensor> inputs, Context context) {
    Tensor x = inputs.get(0);
    int steps = x.dim(1);
    List<Tensor> start = new ArrayList<>();
    for (int part = 1; part <= parts; part++) {
      start.add(
          part < inputs.size()
              ? inputs.get(part)
              : Tensor.zeros(x.dtype(), Shape.of(x.dim(0), common.units())));
    }
    Tensor states = states(common.goBackwards() ? Reverse.of(x, 1) : x, start);
    List<Tensor> outputs = new ArrayList<>();
    outputs.add(common.returnSequences() ? byExample(states, steps) : at(states, steps - 1));
    for (int part = 0; common.returnState() && part < parts; part++) {
      outputs.add(at(states, steps - 1 + part));
    }
    return outputs;
  }

  /**
   * Takes the steps.
   *
   * @param x (batch, steps, features) in the order in which they are taken
   * @param start the parts of the state to begin with, each (batch, units)
   * @return (steps, batch, units), what each step puts out, which is a part of its state; behind
   *     them the other parts of the last
   */
  abstract Tensor states(Tensor x, List<Tensor> start);

  final Tensor kernel() {
    return built(kernel).value();
  }

  final Tensor recurrentKernel() {
    return built(recurrentKernel).value();
  }

  final @Nullable Tensor bias() {
    return bias == null ? null : bias.value();
  }

  private static Tensor byExample(Tensor states, int steps) {
    Tensor outputs = states.dim(0) == steps ? states : Slice.of(states, 0, 0, steps);
    return Transpose.of(outputs, 1, 0, 2);
  }

  /** The t-th of states by time, (batch, units). */
  private static Tensor at(Tensor states, int t) {
    return Reshape.of(Slice.of(states, 0, t, t + 1), Shape.of(states.dim(1), states.dim(2)));
  }

  /** How ONNX has this layer; see {@link OnnxRecurrence}. */
  abstract OnnxRecurrence onnxRecurrence();

  @Override
  public final List<OnnxValue> onnxAll(OnnxCall call) {
    return onnxRecurrence().write(call, common);
  }
}
