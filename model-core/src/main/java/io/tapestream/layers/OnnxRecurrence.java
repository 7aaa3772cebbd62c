package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxOp;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent layer as ONNX's operators have it, whose tensors are
 *
 * <pre>
 * X (steps, batch, features)   W (1, gates · units, features)   B (1, 2 · gates · units), of the
 * Y (steps, 1, batch, units)   R (1, gates · units, units)      input's and of the recurrent part
 * </pre>
 *
 * @param kernel (features, gates · units)
 * @param recurrentKernel (units, gates · units)
 * @param bias of the input's part, or null for none at all
 * @param recurrentBias of the recurrent part, or null for zeros
 * @param gates the layer's gates in the order in which ONNX has them
 * @param activations as the operator lists them
 * @param operator the node to begin with
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OnnxRecurrence(
    Tensor kernel,
    Tensor recurrentKernel,
    float @Nullable [] bias,
    float @Nullable [] recurrentBias,
    int[] gates,
    List<ActivationFunction> activations,
    Function<OnnxCall, OnnxOp> operator) {

  /** Adds the nodes; returns what the layer gives. */
  List<OnnxValue> write(OnnxCall call, Recurrent.Common settings) {
    int units = settings.units();
    OnnxValue axis0 = call.integers("axis_0", 0);
    OnnxValue x = call.transpose(call.input(), 1, 0, 2);
    if (settings.goBackwards()) {
      OnnxValue last = call.integers("last", -1);
      OnnxValue beforeFirst = call.integers("before_first", Long.MIN_VALUE);
      x = call.op("Slice").of(x, last, beforeFirst, axis0, last);
    }
    List<OnnxValue> given = new ArrayList<>();
    given.add(x);
    given.add(call.constant("W", matrix(kernel), byGate(kernel)));
    given.add(call.constant("R", matrix(recurrentKernel), byGate(recurrentKernel)));
    given.add(bias == null ? OnnxValue.NONE : biases(call, bias, units));
    given.add(OnnxValue.NONE); // all sequences are as long
    for (OnnxValue state : call.inputs().subList(1, call.inputs().size())) {
      given.add(call.op("Unsqueeze").of(state, axis0));
    }
    OnnxOp node = operator.apply(call).integer("hidden_size", units);
    name(activations, node);
    int parts = activations.size() - 1; // one function is the gates'
    List<OnnxValue> y = node.outputs(1 + parts, given);
    List<OnnxValue> outputs = new ArrayList<>();
    if (settings.returnSequences()) {
      OnnxValue all = call.op("Squeeze").of(y.get(0), call.integers("axis_1", 1));
      outputs.add(call.transpose(all, 1, 0, 2));
    } else {
      outputs.add(call.op("Squeeze").of(y.get(1), axis0));
    }
    for (int part = 1; settings.returnState() && part <= parts; part++) {
      outputs.add(call.op("Squeeze").of(y.get(part), axis0));
    }
    return outputs;
  }

  private static void name(List<ActivationFunction> functions, OnnxOp node) {
    node.texts("activations", functions.stream().map(OnnxRecurrence::name).toList());
    double[] ones =
        functions.stream()
            .filter(f -> f == ActivationFunction.LINEAR)
            .mapToDouble(f -> 1)
            .toArray();
    if (ones.length > 0) {
      node.numbers("activation_alpha", ones).numbers("activation_beta", new double[ones.length]);
    }
  }

  /** ONNX has no linear function here, but αz + β. */
  private static String name(ActivationFunction function) {
    return switch (function) {
      case LINEAR -> "Affine";
      case RELU -> "Relu";
      case SIGMOID -> "Sigmoid";
      case TANH -> "Tanh";
      default ->
          throw new IllegalArgumentException(function + " is no function of a recurrent step");
    };
  }

  private static Shape matrix(Tensor columns) {
    return Shape.of(1, columns.dim(1), columns.dim(0));
  }

  /** The columns as rows, in the order of ONNX's gates. */
  private float[] byGate(Tensor columns) {
    int rows = columns.dim(0);
    int width = columns.dim(1);
    int units = width / gates.length;
    float[] ours = columns.toFloats();
    float[] theirs = new float[ours.length];
    for (int column = 0; column < width; column++) {
      int from = gates[column / units] * units + column % units;
      for (int row = 0; row < rows; row++) {
        theirs[column * rows + row] = ours[row * width + from];
      }
    }
    return theirs;
  }

  private OnnxValue biases(OnnxCall call, float[] ofInput, int units) {
    int columns = gates.length * units;
    float[] both = new float[2 * columns];
    for (int gate = 0; gate < gates.length; gate++) {
      int from = gates[gate] * units;
      System.arraycopy(ofInput, from, both, gate * units, units);
      if (recurrentBias != null) {
        System.arraycopy(recurrentBias, from, both, columns + gate * units, units);
      }
    }
    return call.constant("B", Shape.of(1, both.length), both);
  }
}
