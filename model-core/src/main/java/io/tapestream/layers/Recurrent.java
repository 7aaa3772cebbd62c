package io.tapestream.layers;

import io.tapestream.ops.Reshape;
import io.tapestream.ops.Reverse;
import io.tapestream.ops.Slice;
import io.tapestream.ops.Transpose;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/** What the recurrent layers share. */
final class Recurrent {
  /** Fails unless a backend fuses this activation into its step. */
  static void checkActivation(String layer, String setting, ActivationFunction activation) {
    if (!activation.isFused()) {
      throw new IllegalArgumentException(
          layer + ": " + setting + " must be linear, relu, sigmoid or tanh, got " + activation);
    }
  }

  /** Whether inputs are a sequence, alone or with as many states of so many units. */
  static boolean fits(List<Shape> inputs, int units, int states) {
    Shape sequence = inputs.get(0);
    return sequence.rank() == 2
        && sequence.dim(0) > 0
        && (inputs.size() == 1 || inputs.size() == 1 + states)
        && inputs.stream().skip(1).allMatch(Shape.of(units)::equals);
  }

  static String wanted(int units, int states) {
    return "(batch, steps, features) with at least one step, alone or with "
        + (states == 1 ? "a state" : states + " states")
        + " (batch, "
        + units
        + ")";
  }

  /** The state to begin with that is the i-th input, or zeros. */
  static Tensor start(List<Tensor> inputs, int i, int units) {
    Tensor x = inputs.get(0);
    return i < inputs.size() ? inputs.get(i) : Tensor.zeros(x.dtype(), Shape.of(x.dim(0), units));
  }

  /** (batch, steps, features) in the order in which the steps are taken. */
  static Tensor inOrder(Tensor x, boolean backwards) {
    return backwards ? Reverse.of(x, 1) : x;
  }

  /** States by time (at least steps, batch, units) → all of them, or the last, by batch. */
  static Tensor output(Tensor states, int steps, boolean sequences) {
    if (!sequences) {
      return state(states, steps - 1);
    }
    Tensor outputs = states.dim(0) == steps ? states : Slice.of(states, 0, 0, steps);
    return Transpose.of(outputs, 1, 0, 2);
  }

  /** The t-th of states by time, (batch, units). */
  static Tensor state(Tensor states, int t) {
    return Reshape.of(Slice.of(states, 0, t, t + 1), Shape.of(states.dim(1), states.dim(2)));
  }

  private Recurrent() {}
}
