package io.tapestream.backend.nd4j;

import io.tapestream.backend.Activation;
import io.tapestream.backend.LstmMemory;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import org.jspecify.annotations.Nullable;

/** The primitives of normalizing and recurrent layers, for which ND4J has no fitting ops. */
@SuppressWarnings("try") // workspace scopes act by being open
abstract class Nd4jLayers extends Nd4jPrimitives {

  @Override
  public void moments(Tensor x, Tensor mean, Tensor variance) {
    HostNormalization.moments(x, mean, variance);
  }

  @Override
  public void normalize(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y) {
    HostNormalization.normalize(x, mean, variance, gamma, beta, epsilon, y);
  }

  @Override
  public void normalizeSums(
      Tensor x,
      Tensor mean,
      Tensor variance,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta) {
    HostNormalization.normalizeSums(x, mean, variance, epsilon, dy, dgamma, dbeta);
  }

  @Override
  public void normalizeGradient(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta,
      Tensor dx,
      boolean accumulate) {
    HostNormalization.normalizeGradient(
        x, mean, variance, gamma, epsilon, dy, dgamma, dbeta, dx, accumulate);
  }

  @Override
  public void normalizeRows(
      Tensor x,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y,
      Tensor mean,
      Tensor scale) {
    HostNormalization.normalizeRows(x, gamma, beta, epsilon, y, mean, scale);
  }

  @Override
  public void normalizeRowsGradient(
      Tensor x,
      Tensor mean,
      Tensor scale,
      @Nullable Tensor gamma,
      Tensor dy,
      Tensor dx,
      boolean accumulate) {
    HostNormalization.normalizeRowsGradient(x, mean, scale, gamma, dy, dx, accumulate);
  }

  @Override
  public void normalizeRowsSums(
      Tensor x, Tensor mean, Tensor scale, Tensor dy, Tensor dgamma, boolean accumulate) {
    HostNormalization.normalizeRowsSums(x, mean, scale, dy, dgamma, accumulate);
  }

  @Override
  public void lstm(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor y) {
    int in = w.dim(0);
    try (Workspace.Scope none = Workspace.outside();
        Tensor kernel = Tensor.allocate(x.dtype(), Shape.of(in + u.dim(0), u.dim(1)));
        Tensor byTime = Tensor.allocate(x.dtype(), Shape.of(x.dim(1), x.dim(0), in))) {
      copyRange(w, 0, kernel, 0, 0, w.dim(0), false);
      copyRange(u, 0, kernel, w.dim(0), 0, u.dim(0), false);
      permute(x, new int[] {1, 0, 2}, byTime, false);
      for (int t = 0; t < memory.steps(); t++) {
        Tensor inputs = at(memory.inputs(), t);
        copyRange(at(byTime, t), 0, inputs, 0, 1, in, false);
        copyRange(t == 0 ? h0 : at(y, t - 1), 0, inputs, in, 1, u.dim(0), false);
        Tensor gates = at(memory.gates(), t);
        matmul(inputs, false, kernel, false, gates, false);
        if (bias != null) {
          biasActivation(gates, bias, Activation.LINEAR, gates);
        }
        HostRecurrence.lstmCell(
            gates,
            t == 0 ? c0 : at(memory.cells(), t - 1),
            recurrent,
            activation,
            at(memory.cells(), t),
            at(memory.activated(), t),
            at(y, t));
      }
    }
    copy(at(memory.cells(), memory.steps() - 1), at(y, memory.steps()));
  }

  @Override
  public void lstmGradient(
      Tensor u,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor dy,
      Tensor dz,
      @Nullable Tensor dbias,
      Tensor dh0,
      Tensor dc0) {
    copy(at(dy, memory.steps()), dc0);
    for (int t = memory.steps() - 1; t >= 0; t--) {
      copy(at(dy, t), dh0);
      if (t + 1 < memory.steps()) {
        matmul(at(dz, t + 1), false, u, true, dh0, true);
      }
      HostRecurrence.lstmCellGradient(
          at(memory.gates(), t),
          t == 0 ? c0 : at(memory.cells(), t - 1),
          at(memory.activated(), t),
          recurrent,
          activation,
          dh0,
          dc0,
          at(dz, t));
    }
    matmul(at(dz, 0), false, u, true, dh0, false);
    if (dbias != null) {
      sum(1, dz, dbias, false);
    }
  }

  /** The t-th matrix of a stack. */
  private static Tensor at(Tensor stack, int t) {
    Shape matrix = Shape.of(stack.dim(1), stack.dim(2));
    return stack.view(t * matrix.size(), matrix);
  }

  @Override
  public void gruCell(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor h) {
    HostRecurrence.gruCell(gates, recurrentPart, before, recurrent, activation, h);
  }

  @Override
  public void gruCellGradient(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dgates,
      Tensor drecurrentPart) {
    HostRecurrence.gruCellGradient(
        gates, recurrentPart, before, recurrent, activation, dh, dgates, drecurrentPart);
  }
}
