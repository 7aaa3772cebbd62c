package io.tapestream.optimizers;

import io.tapestream.schedules.Schedule;

/**
 * Adam with decoupled weight decay: the weights shrink by themselves, apart from the gradient and
 * its estimates.
 *
 * <pre>
 * w ← w − η·λ·w
 * then {@link Adam}'s update
 * </pre>
 *
 * <p>Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; the form is that of
 * {@code keras.optimizers.AdamW}. Every trained parameter decays, biases too.
 *
 * @param learningRate η ≥ 0, by the round
 * @param weightDecay λ ≥ 0
 * @param beta1 β₁ in [0, 1), the decay of the mean
 * @param beta2 β₂ in [0, 1), the decay of the variance
 * @param epsilon ε ≥ 0, keeps the quotient finite
 */
public record AdamW(
    Schedule learningRate, double weightDecay, double beta1, double beta2, double epsilon)
    implements Optimizer {

  /** Keras's defaults. */
  public AdamW() {
    this(0.001);
  }

  /** Keras's defaults at another learning rate. */
  public AdamW(double learningRate) {
    this(Settings.rate("AdamW", learningRate));
  }

  /** Keras's defaults with a learning rate that changes. */
  public AdamW(Schedule learningRate) {
    this(learningRate, 0.004);
  }

  /** Another decay. */
  public AdamW(double learningRate, double weightDecay) {
    this(Settings.rate("AdamW", learningRate), weightDecay);
  }

  /** Another decay, with a learning rate that changes. */
  public AdamW(Schedule learningRate, double weightDecay) {
    this(learningRate, weightDecay, 0.9, 0.999, 1e-7);
  }

  /** Checks the ranges stated above. */
  public AdamW {
    Settings.atLeastZero("AdamW", "weightDecay", weightDecay);
    Settings.fraction("AdamW", "beta1", beta1);
    Settings.fraction("AdamW", "beta2", beta2);
    Settings.atLeastZero("AdamW", "epsilon", epsilon);
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
    float lost = (float) (learningRate.at(step.round()) * weightDecay);
    for (int i = from; i < from + length; i++) {
      weights[i] -= lost * weights[i];
    }
    new Adam(learningRate, beta1, beta2, epsilon)
        .update(weights, gradient, slots, from, length, step);
  }
}
