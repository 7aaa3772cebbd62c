package io.tapestream.optimizers;

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
 * @param learningRate η ≥ 0
 * @param momentum μ in [0, 1)
 * @param nesterov whether the gradient step looks ahead along the velocity; needs momentum
 */
public record Sgd(double learningRate, double momentum, boolean nesterov) implements Optimizer {

  /** Plain descent at learning rate 0.01. */
  public Sgd() {
    this(0.01, 0, false);
  }

  /** Plain descent. */
  public Sgd(double learningRate) {
    this(learningRate, 0, false);
  }

  /** Checks the ranges stated above. */
  public Sgd {
    Settings.atLeastZero("Sgd", "learningRate", learningRate);
    Settings.fraction("Sgd", "momentum", momentum);
    if (nesterov && momentum == 0) {
      throw new IllegalArgumentException("Sgd: nesterov needs a momentum above 0, for example 0.9");
    }
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
      float[] weights,
      int weightsFrom,
      float[] gradient,
      int gradientFrom,
      float[][] slots,
      int slotsFrom,
      int length,
      long step) {
    float rate = (float) learningRate;
    if (momentum == 0) {
      descend(weights, weightsFrom, gradient, gradientFrom, length, rate);
    } else if (nesterov) {
      lookAhead(
          weights,
          weightsFrom,
          gradient,
          gradientFrom,
          slots[0],
          slotsFrom,
          length,
          rate,
          (float) momentum);
    } else {
      roll(
          weights,
          weightsFrom,
          gradient,
          gradientFrom,
          slots[0],
          slotsFrom,
          length,
          rate,
          (float) momentum);
    }
  }

  private static void descend(float[] w, int wFrom, float[] g, int gFrom, int length, float rate) {
    for (int i = 0; i < length; i++) {
      w[wFrom + i] -= rate * g[gFrom + i];
    }
  }

  private static void roll(
      float[] w,
      int wFrom,
      float[] g,
      int gFrom,
      float[] v,
      int vFrom,
      int length,
      float rate,
      float mu) {
    for (int i = 0; i < length; i++) {
      float velocity = mu * v[vFrom + i] - rate * g[gFrom + i];
      v[vFrom + i] = velocity;
      w[wFrom + i] += velocity;
    }
  }

  private static void lookAhead(
      float[] w,
      int wFrom,
      float[] g,
      int gFrom,
      float[] v,
      int vFrom,
      int length,
      float rate,
      float mu) {
    for (int i = 0; i < length; i++) {
      float descent = rate * g[gFrom + i];
      float velocity = mu * v[vFrom + i] - descent;
      v[vFrom + i] = velocity;
      w[wFrom + i] += mu * velocity - descent;
    }
  }
}
