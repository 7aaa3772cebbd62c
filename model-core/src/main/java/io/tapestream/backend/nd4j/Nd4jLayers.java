package io.tapestream.backend.nd4j;

import io.tapestream.backend.Activation;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The primitives of normalizing and recurrent layers, for which ND4J has no fitting ops. */
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
  public void lstmCell(
      Tensor gates,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor c,
      Tensor h) {
    HostRecurrence.lstmCell(gates, before, recurrent, activation, c, h);
  }

  @Override
  public void lstmCellGradient(
      Tensor gates,
      Tensor before,
      Tensor c,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dc,
      Tensor dgates) {
    HostRecurrence.lstmCellGradient(gates, before, c, recurrent, activation, dh, dc, dgates);
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
