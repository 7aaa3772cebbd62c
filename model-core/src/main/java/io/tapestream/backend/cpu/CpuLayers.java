package io.tapestream.backend.cpu;

import static java.lang.ref.Reference.reachabilityFence;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.FusedPrimitives;
import io.tapestream.backend.LstmMemory;
import io.tapestream.backend.NormColumns;
import io.tapestream.backend.RectifiedNorm;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The primitives of normalizing and recurrent layers; each holds its tensors as its caller's do.
 */
abstract class CpuLayers implements Backend, FusedPrimitives {
  private final Normalization normalization;
  private final Recurrence recurrence;
  private final Lstm lstm;
  private final FusedNorm fused;

  CpuLayers(Kernels kernels, boolean oneDnn) {
    this.normalization = new Normalization(kernels);
    this.recurrence = new Recurrence(kernels);
    this.lstm = new Lstm(kernels, oneDnn);
    this.fused = new FusedNorm(kernels);
  }

  /**
   * Keeps tensors alive up to the end of a primitive; one that fails needs none of them any more.
   */
  @SuppressWarnings("ReachabilityFenceUsage")
  private static void hold(@Nullable Object... tensors) {
    for (Object tensor : tensors) {
      reachabilityFence(tensor);
    }
  }

  @Override
  public void moments(Tensor x, Tensor mean, Tensor variance) {
    normalization.moments(x, mean, variance);
    hold(x, mean, variance);
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
    normalization.normalize(x, new NormColumns(mean, variance, gamma, beta, epsilon), y);
    hold(x, mean, variance, gamma, beta, y);
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
    normalization.sums(x, mean, variance, epsilon, dy, dgamma, dbeta);
    hold(x, mean, variance, dy, dgamma, dbeta);
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
    normalization.gradient(x, mean, variance, gamma, epsilon, dy, dgamma, dbeta, dx, accumulate);
    hold(x, mean, variance, gamma, dy, dgamma, dbeta, dx);
  }

  @Override
  public boolean fuses(RectifiedNorm norm) {
    return fused.fits(norm);
  }

  @Override
  public void rectifiedNorm(RectifiedNorm norm) {
    fused.forward(norm);
    hold(norm);
  }

  @Override
  public void rectifiedNormSums(RectifiedNorm norm, Tensor dy, Tensor dgamma, Tensor dbeta) {
    fused.sums(norm, dy, dgamma, dbeta);
    hold(norm, dy, dgamma, dbeta);
  }

  @Override
  public void rectifiedNormGradient(
      RectifiedNorm norm, Tensor dy, Tensor dgamma, Tensor dbeta, Tensor dx) {
    fused.gradient(norm, dy, dgamma, dbeta, dx);
    hold(norm, dy, dgamma, dbeta, dx);
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
    RowNormalization.normalize(x, gamma, beta, epsilon, y, mean, scale);
    hold(x, gamma, beta, y, mean, scale);
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
    RowNormalization.gradient(x, mean, scale, gamma, dy, dx, accumulate);
    hold(x, mean, scale, gamma, dy, dx);
  }

  @Override
  public void normalizeRowsSums(
      Tensor x, Tensor mean, Tensor scale, Tensor dy, Tensor dgamma, boolean accumulate) {
    RowNormalization.sums(x, mean, scale, dy, dgamma, accumulate);
    hold(x, mean, scale, dy, dgamma);
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
    lstm.forward(x, w, u, bias, h0, c0, recurrent, activation, memory, y);
    hold(x, w, u, bias, h0, c0, memory, y);
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
    lstm.backward(u, c0, recurrent, activation, memory, dy, dz, dbias, dh0, dc0);
    hold(u, c0, memory, dy, dz, dbias, dh0, dc0);
  }

  @Override
  public void gruCell(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor h) {
    recurrence.gru(gates, recurrentPart, before, recurrent, activation, h);
    hold(gates, recurrentPart, before, h);
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
    Recurrence.gruGradient(
        gates, recurrentPart, before, recurrent, activation, dh, dgates, drecurrentPart);
    hold(gates, recurrentPart, before, dh, dgates, drecurrentPart);
  }
}
