package io.tapestream.backend.nd4j;

import io.tapestream.backend.Activation;
import io.tapestream.tensor.Tensor;

/**
 * Steps of recurrent layers as plain loops over doubles; see {@link io.tapestream.backend.Backend}
 * for what each computes.
 */
final class HostRecurrence {
  private HostRecurrence() {}

  static void lstmCell(
      Tensor gates,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor c,
      Tensor activated,
      Tensor h) {
    int u = before.dim(-1);
    double[] gate = gates.toDoubles();
    for (int i = 0; i < gate.length; i++) {
      gate[i] = value(i / u % 4 == 2 ? activation : recurrent, gate[i]);
    }
    double[] old = before.toDoubles();
    double[] state = new double[old.length];
    double[] squashed = new double[old.length];
    double[] output = new double[old.length];
    for (int i = 0; i < state.length; i++) {
      int at = i / u * 4 * u + i % u;
      state[i] = gate[at + u] * old[i] + gate[at] * gate[at + 2 * u];
      squashed[i] = value(activation, state[i]);
      output[i] = gate[at + 3 * u] * squashed[i];
    }
    write(gate, gates);
    write(state, c);
    write(squashed, activated);
    write(output, h);
  }

  static void lstmCellGradient(
      Tensor gates,
      Tensor before,
      Tensor activated,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dc,
      Tensor dgates) {
    int u = before.dim(-1);
    double[] gate = gates.toDoubles();
    double[] old = before.toDoubles();
    double[] squashedState = activated.toDoubles();
    double[] dOutput = dh.toDoubles();
    double[] dState = dc.toDoubles();
    double[] dGate = new double[gate.length];
    for (int i = 0; i < old.length; i++) {
      int at = i / u * 4 * u + i % u;
      double in = gate[at];
      double forget = gate[at + u];
      double candidate = gate[at + 2 * u];
      double out = gate[at + 3 * u];
      double squashed = squashedState[i];
      double d = dState[i] + dOutput[i] * out * slope(activation, squashed);
      dGate[at] = d * candidate * slope(recurrent, in);
      dGate[at + u] = d * old[i] * slope(recurrent, forget);
      dGate[at + 2 * u] = d * in * slope(activation, candidate);
      dGate[at + 3 * u] = dOutput[i] * squashed * slope(recurrent, out);
      dState[i] = d * forget;
    }
    write(dGate, dgates);
    write(dState, dc);
  }

  static void gruCell(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor h) {
    int u = before.dim(-1);
    double[] gate = gates.toDoubles();
    double[] part = recurrentPart.toDoubles();
    double[] old = before.toDoubles();
    double[] output = new double[old.length];
    for (int i = 0; i < old.length; i++) {
      int at = i / u * 3 * u + i % u;
      double update = value(recurrent, gate[at] + part[at]);
      double reset = value(recurrent, gate[at + u] + part[at + u]);
      double candidate = value(activation, gate[at + 2 * u] + reset * part[at + 2 * u]);
      output[i] = update * old[i] + (1 - update) * candidate;
      gate[at] = update;
      gate[at + u] = reset;
      gate[at + 2 * u] = candidate;
    }
    write(gate, gates);
    write(output, h);
  }

  static void gruCellGradient(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dgates,
      Tensor drecurrentPart) {
    int u = before.dim(-1);
    double[] gate = gates.toDoubles();
    double[] part = recurrentPart.toDoubles();
    double[] old = before.toDoubles();
    double[] dState = dh.toDoubles();
    double[] dGate = new double[gate.length];
    double[] dPart = new double[gate.length];
    for (int i = 0; i < old.length; i++) {
      int at = i / u * 3 * u + i % u;
      double update = gate[at];
      double reset = gate[at + u];
      double candidate = gate[at + 2 * u];
      double d = dState[i];
      double dCandidate = d * (1 - update) * slope(activation, candidate);
      dGate[at] = d * (old[i] - candidate) * slope(recurrent, update);
      dGate[at + u] = dCandidate * part[at + 2 * u] * slope(recurrent, reset);
      dGate[at + 2 * u] = dCandidate;
      dPart[at] = dGate[at];
      dPart[at + u] = dGate[at + u];
      dPart[at + 2 * u] = dCandidate * reset;
      dState[i] = d * update;
    }
    write(dGate, dgates);
    write(dPart, drecurrentPart);
    write(dState, dh);
  }

  private static double value(Activation activation, double z) {
    return switch (activation) {
      case LINEAR -> z;
      case RELU -> Math.max(z, 0);
      case SIGMOID -> 1 / (1 + Math.exp(-z));
      case TANH -> Math.tanh(z);
    };
  }

  /** The derivative where the output is y. */
  private static double slope(Activation activation, double y) {
    return switch (activation) {
      case LINEAR -> 1;
      case RELU -> y > 0 ? 1 : 0;
      case SIGMOID -> y * (1 - y);
      case TANH -> 1 - y * y;
    };
  }

  private static void write(double[] values, Tensor out) {
    HostLoops.each(out, false, i -> values[i]);
  }
}
