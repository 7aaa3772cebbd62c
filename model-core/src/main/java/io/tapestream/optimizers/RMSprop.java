package io.tapestream.optimizers;

import io.tapestream.schedules.Schedule;

/**
 * RMSprop: steps scaled by a running estimate of the gradient's magnitude.
 *
 * <pre>
 * v ← v + (1 − ρ)·(g² − v)
 * centered:          a ← a + (1 − ρ)·(g − a);  s = η·g / √(v − a² + ε)
 * else:              s = η·g / √(v + ε)
 * without momentum:  w ← w − s
 * with momentum μ:   m ← μ·m + s;  w ← w − m
 * </pre>
 *
 * <p>Tieleman and Hinton, "Lecture 6.5: RMSprop", 2012; centered as in Graves, "Generating
 * sequences with recurrent neural networks", 2013. The form is that of {@code
 * keras.optimizers.RMSprop}, whose ε stands under the root.
 *
 * @param learningRate η ≥ 0, by the round
 * @param rho ρ in [0, 1), the decay of the estimates
 * @param momentum μ in [0, 1)
 * @param epsilon ε ≥ 0, keeps the quotient finite
 * @param centered whether v estimates the variance about the mean, not about 0
 */
public record RMSprop(
    Schedule learningRate, double rho, double momentum, double epsilon, boolean centered)
    implements Optimizer {

  /** Keras's defaults. */
  public RMSprop() {
    this(0.001);
  }

  /** Keras's defaults at another learning rate. */
  public RMSprop(double learningRate) {
    this(Settings.rate("RMSprop", learningRate));
  }

  /** Keras's defaults with a learning rate that changes. */
  public RMSprop(Schedule learningRate) {
    this(learningRate, 0.9, 0, 1e-7, false);
  }

  /** A learning rate that stays. */
  public RMSprop(
      double learningRate, double rho, double momentum, double epsilon, boolean centered) {
    this(Settings.rate("RMSprop", learningRate), rho, momentum, epsilon, centered);
  }

  /** Checks the ranges stated above. */
  public RMSprop {
    Settings.fraction("RMSprop", "rho", rho);
    Settings.fraction("RMSprop", "momentum", momentum);
    Settings.atLeastZero("RMSprop", "epsilon", epsilon);
  }

  /** v; then, if there is one, a; then, if there is one, m. */
  @Override
  public int slots() {
    return 1 + (centered ? 1 : 0) + (momentum == 0 ? 0 : 1);
  }

  @Override
  public float initialSlot(int slot) {
    return 0;
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
    int to = from + length;
    float rate = (float) learningRate.at(step.round());
    float part = (float) (1 - rho);
    float small = (float) epsilon;
    float mu = (float) momentum;
    float[] v = slots[0];
    float[] m = slots[slots.length - 1];
    estimateSquares(gradient, v, from, to, part);
    if (centered) {
      float[] a = slots[1];
      estimateMeans(gradient, a, from, to, part);
      if (momentum == 0) {
        descend(weights, gradient, v, a, from, to, rate, small);
      } else {
        roll(weights, gradient, v, a, m, from, to, rate, small, mu);
      }
    } else if (momentum == 0) {
      descend(weights, gradient, v, from, to, rate, small);
    } else {
      roll(weights, gradient, v, m, from, to, rate, small, mu);
    }
  }

  private static void estimateSquares(float[] g, float[] v, int from, int to, float part) {
    for (int i = from; i < to; i++) {
      v[i] += part * (g[i] * g[i] - v[i]);
    }
  }

  private static void estimateMeans(float[] g, float[] a, int from, int to, float part) {
    for (int i = from; i < to; i++) {
      a[i] += part * (g[i] - a[i]);
    }
  }

  private static void descend(
      float[] w, float[] g, float[] v, int from, int to, float rate, float small) {
    for (int i = from; i < to; i++) {
      w[i] -= step(rate, g[i], v[i], small);
    }
  }

  private static void descend(
      float[] w, float[] g, float[] v, float[] a, int from, int to, float rate, float small) {
    for (int i = from; i < to; i++) {
      w[i] -= step(rate, g[i], variance(v[i], a[i]), small);
    }
  }

  private static void roll(
      float[] w,
      float[] g,
      float[] v,
      float[] m,
      int from,
      int to,
      float rate,
      float small,
      float mu) {
    for (int i = from; i < to; i++) {
      float velocity = mu * m[i] + step(rate, g[i], v[i], small);
      m[i] = velocity;
      w[i] -= velocity;
    }
  }

  private static void roll(
      float[] w,
      float[] g,
      float[] v,
      float[] a,
      float[] m,
      int from,
      int to,
      float rate,
      float small,
      float mu) {
    for (int i = from; i < to; i++) {
      float velocity = mu * m[i] + step(rate, g[i], variance(v[i], a[i]), small);
      m[i] = velocity;
      w[i] -= velocity;
    }
  }

  private static float step(float rate, float gradient, float square, float small) {
    return rate * gradient / (float) Math.sqrt(square + small);
  }

  /** Rounding may leave the difference of two equals below zero. */
  private static float variance(float square, float mean) {
    return Math.max(square - mean * mean, 0f);
  }
}
