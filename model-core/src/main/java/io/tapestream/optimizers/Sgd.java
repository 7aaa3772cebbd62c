package io.tapestream.optimizers;

import io.tapestream.schedules.Schedule;

/**
 * Stochastic gradient descent, with Keras's momentum.
 *
 * <pre>
 * without momentum:  w ← w − η·g
 * with momentum μ:   v ← μ·v − η·g;  w ← w + v
 * Nesterov's:        v ← μ·v − η·g;  w ← w + μ·v − η·g
 * </pre>
 *
 * <p>Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
 * learning", 2013; the form is that of {@code keras.optimizers.SGD}.
 *
 * @param learningRate η ≥ 0, by the round
 * @param momentum μ in [0, 1)
 * @param nesterov whether the gradient step looks ahead along the velocity; needs momentum
 */
public record Sgd(Schedule learningRate, double momentum, boolean nesterov) implements Optimizer {

  /** Plain descent at learning rate 0.01. */
  public Sgd() {
    this(0.01, 0, false);
  }

  /** Plain descent. */
  public Sgd(double learningRate) {
    this(learningRate, 0, false);
  }

  /** Plain descent with a learning rate that changes. */
  public Sgd(Schedule learningRate) {
    this(learningRate, 0, false);
  }

  /** A learning rate that stays. */
  public Sgd(double learningRate, double momentum, boolean nesterov) {
    this(Settings.rate("Sgd", learningRate), momentum, nesterov);
  }

  /** Checks the ranges stated above. */
  public Sgd {
    Settings.fraction("Sgd", "momentum", momentum);
    if (nesterov && momentum == 0) {
      throw new IllegalArgumentException("Sgd: nesterov needs a momentum above 0, for example 0.9");
    }
  }

  @Override
  public boolean leavesZeros() {
    return momentum == 0;
  }

  @Override
  public int slots() {
    return momentum == 0 ? 0 : 1;
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
    if (momentum == 0) {
      descend(weights, gradient, from, to, rate);
    } else if (nesterov) {
      lookAhead(weights, gradient, slots[0], from, to, rate, (float) momentum);
    } else {
      roll(weights, gradient, slots[0], from, to, rate, (float) momentum);
    }
  }

  private static void descend(float[] w, float[] g, int from, int to, float rate) {
    for (int i = from; i < to; i++) {
      w[i] -= rate * g[i];
    }
  }

  private static void roll(
      float[] w, float[] g, float[] v, int from, int to, float rate, float mu) {
    for (int i = from; i < to; i++) {
      float velocity = mu * v[i] - rate * g[i];
      v[i] = velocity;
      w[i] += velocity;
    }
  }

  private static void lookAhead(
      float[] w, float[] g, float[] v, int from, int to, float rate, float mu) {
    for (int i = from; i < to; i++) {
      float descent = rate * g[i];
      float velocity = mu * v[i] - descent;
      v[i] = velocity;
      w[i] += mu * velocity - descent;
    }
  }
}
