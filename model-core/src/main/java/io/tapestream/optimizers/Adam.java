package io.tapestream.optimizers;

import io.tapestream.schedules.Schedule;

/**
 * Adam: steps scaled by running estimates of the gradient's mean and uncentred variance.
 *
 * <pre>
 * m ← m + (1 − β₁)·(g − m)
 * v ← v + (1 − β₂)·(g² − v)
 * w ← w − η·√(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)
 * </pre>
 *
 * <p>Kingma and Ba, "Adam: a method for stochastic optimization", 2015, in the form at the end of
 * its section 2, which is Keras's: ε stands beside √v before the bias is corrected ("epsilon hat").
 * PyTorch's ε equals this one divided by √(1 − β₂ᵗ).
 *
 * @param learningRate η ≥ 0, by the round
 * @param beta1 β₁ in [0, 1), the decay of the mean
 * @param beta2 β₂ in [0, 1), the decay of the variance
 * @param epsilon ε ≥ 0, keeps the quotient finite
 */
public record Adam(Schedule learningRate, double beta1, double beta2, double epsilon)
    implements Optimizer {

  /** Keras's defaults. */
  public Adam() {
    this(0.001);
  }

  /** Keras's defaults at another learning rate. */
  public Adam(double learningRate) {
    this(Settings.rate("Adam", learningRate));
  }

  /** Keras's defaults with a learning rate that changes. */
  public Adam(Schedule learningRate) {
    this(learningRate, 0.9, 0.999, 1e-7);
  }

  /** A learning rate that stays. */
  public Adam(double learningRate, double beta1, double beta2, double epsilon) {
    this(Settings.rate("Adam", learningRate), beta1, beta2, epsilon);
  }

  /** Checks the ranges stated above. */
  public Adam {
    Settings.fraction("Adam", "beta1", beta1);
    Settings.fraction("Adam", "beta2", beta2);
    Settings.atLeastZero("Adam", "epsilon", epsilon);
  }

  @Override
  public int slots() {
    return 2;
  }

  @Override
  public float initialSlot(int slot) {
    return 0;
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
    // StrictMath: the same bits on every machine; two calls per block, not per weight.
    double rate =
        learningRate.at(step.round())
            * Math.sqrt(1 - StrictMath.pow(beta2, (double) step.applied()))
            / (1 - StrictMath.pow(beta1, (double) step.applied()));
    float meanStep = (float) (1 - beta1);
    float varianceStep = (float) (1 - beta2);
    move(
        weights,
        gradient,
        slots[0],
        slots[1],
        from,
        from + length,
        (float) rate,
        meanStep,
        varianceStep,
        (float) epsilon);
  }

  private static void move(
      float[] w,
      float[] g,
      float[] m,
      float[] v,
      int from,
      int to,
      float rate,
      float meanStep,
      float varianceStep,
      float epsilon) {
    for (int i = from; i < to; i++) {
      float mean = m[i] + meanStep * (g[i] - m[i]);
      float variance = v[i] + varianceStep * (g[i] * g[i] - v[i]);
      m[i] = mean;
      v[i] = variance;
      w[i] -= rate * mean / ((float) Math.sqrt(variance) + epsilon);
    }
  }
}
