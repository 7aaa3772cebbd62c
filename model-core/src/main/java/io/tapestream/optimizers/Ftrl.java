package io.tapestream.optimizers;

import io.tapestream.schedules.Schedule;

/**
 * Follow the regularized leader, coordinate by coordinate: for sparse linear models, since a weight
 * whose evidence stays below l1 is exactly 0.
 *
 * <pre>
 * n′ = n + g²
 * z ← z + g + 2·λ·w − (√n′ − √n) / η · w
 * w ← (clip(z, −l1, l1) − z) / (√n′ / η + 2·l2 + β / η)
 * n ← n′
 * </pre>
 *
 * <p>McMahan et al., "Ad click prediction: a view from the trenches", 2013; the form is that of
 * {@code keras.optimizers.Ftrl} with its learning rate power of −½. The other powers are left out:
 * only the root has the same bits on every machine. A weight is a function of z and n alone, so
 * what it was initialized to counts for little after the first update. While η is 0, as at the
 * start of a warm-up, nothing moves.
 *
 * @param learningRate η ≥ 0, by the round
 * @param l1 ≥ 0, makes weights zero
 * @param l2 ≥ 0, makes weights small
 * @param l2Shrinkage λ ≥ 0, a penalty on the weights that is part of the loss's gradient
 * @param beta β ≥ 0, lowers the learning rate of a weight with little evidence
 * @param initialAccumulator n before the first update, at least 0
 */
public record Ftrl(
    Schedule learningRate,
    double l1,
    double l2,
    double l2Shrinkage,
    double beta,
    double initialAccumulator)
    implements Optimizer {

  /** Keras's defaults. */
  public Ftrl() {
    this(0.001);
  }

  /** Keras's defaults at another learning rate. */
  public Ftrl(double learningRate) {
    this(Settings.rate("Ftrl", learningRate));
  }

  /** Keras's defaults with a learning rate that changes. */
  public Ftrl(Schedule learningRate) {
    this(learningRate, 0, 0, 0, 0, 0.1);
  }

  /** A learning rate that stays. */
  public Ftrl(
      double learningRate,
      double l1,
      double l2,
      double l2Shrinkage,
      double beta,
      double initialAccumulator) {
    this(Settings.rate("Ftrl", learningRate), l1, l2, l2Shrinkage, beta, initialAccumulator);
  }

  /** Checks the ranges stated above. */
  public Ftrl {
    Settings.atLeastZero("Ftrl", "l1", l1);
    Settings.atLeastZero("Ftrl", "l2", l2);
    Settings.atLeastZero("Ftrl", "l2Shrinkage", l2Shrinkage);
    Settings.atLeastZero("Ftrl", "beta", beta);
    Settings.atLeastZero("Ftrl", "initialAccumulator", initialAccumulator);
  }

  /** n and z. */
  @Override
  public int slots() {
    return 2;
  }

  @Override
  public float initialSlot(int slot) {
    return slot == 0 ? (float) initialAccumulator : 0;
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
    double rate = learningRate.at(step.round());
    if (rate == 0) {
      return;
    }
    move(
        weights,
        gradient,
        slots[0],
        slots[1],
        from,
        from + length,
        (float) (1 / rate),
        (float) l1,
        (float) (2 * l2 + beta / rate),
        (float) (2 * l2Shrinkage));
  }

  private static void move(
      float[] w,
      float[] g,
      float[] n,
      float[] z,
      int from,
      int to,
      float inverseRate,
      float l1,
      float pull,
      float shrinkage) {
    for (int i = from; i < to; i++) {
      float before = (float) Math.sqrt(n[i]);
      float sum = n[i] + g[i] * g[i];
      float root = (float) Math.sqrt(sum);
      float linear = z[i] + g[i] + shrinkage * w[i] - (root - before) * inverseRate * w[i];
      float quadratic = root * inverseRate + pull;
      float clipped = Math.min(Math.max(linear, -l1), l1);
      n[i] = sum;
      z[i] = linear;
      // without any evidence there is nothing to divide by
      w[i] = quadratic > 0 ? (clipped - linear) / quadratic : w[i];
    }
  }
}
