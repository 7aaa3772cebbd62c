package io.tapestream.optimizers;

import io.tapestream.schedules.Schedule;

/**
 * Adagrad: steps that grow smaller with all that a weight's gradients have been.
 *
 * <pre>
 * n ← n + g²
 * w ← w − η·g / √(n + ε)
 * </pre>
 *
 * <p>Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
 * optimization", 2011; the form is that of {@code keras.optimizers.Adagrad}.
 *
 * @param learningRate η ≥ 0, by the round
 * @param initialAccumulator n before the first update, at least 0
 * @param epsilon ε ≥ 0, keeps the quotient finite
 */
public record Adagrad(Schedule learningRate, double initialAccumulator, double epsilon)
    implements Optimizer {

  /** Keras's defaults. */
  public Adagrad() {
    this(0.001);
  }

  /** Keras's defaults at another learning rate. */
  public Adagrad(double learningRate) {
    this(Settings.rate("Adagrad", learningRate));
  }

  /** Keras's defaults with a learning rate that changes. */
  public Adagrad(Schedule learningRate) {
    this(learningRate, 0.1, 1e-7);
  }

  /** A learning rate that stays. */
  public Adagrad(double learningRate, double initialAccumulator, double epsilon) {
    this(Settings.rate("Adagrad", learningRate), initialAccumulator, epsilon);
  }

  /** Checks the ranges stated above. */
  public Adagrad {
    Settings.atLeastZero("Adagrad", "initialAccumulator", initialAccumulator);
    Settings.atLeastZero("Adagrad", "epsilon", epsilon);
  }

  @Override
  public boolean leavesZeros() {
    return true;
  }

  @Override
  public int slots() {
    return 1;
  }

  @Override
  public float initialSlot(int slot) {
    return (float) initialAccumulator;
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
    float rate = (float) learningRate.at(step.round());
    move(weights, gradient, slots[0], from, from + length, rate, (float) epsilon);
  }

  private static void move(
      float[] w, float[] g, float[] n, int from, int to, float rate, float small) {
    for (int i = from; i < to; i++) {
      float sum = n[i] + g[i] * g[i];
      n[i] = sum;
      w[i] -= rate * g[i] / (float) Math.sqrt(sum + small);
    }
  }
}
