package io.tapestream.schedules;

/**
 * The rate falls along half a cosine wave, after a linear warm-up if one is wanted.
 *
 * <pre>
 * η(t) = η₀ + (η₁ − η₀) · t / W                               t &lt; W = warmupSteps
 * η(t) = η₁ · ((1 − α) · (1 + cos(π · s / T)) / 2 + α)        s = min(t − W, T), T = decaySteps
 * </pre>
 *
 * <p>Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017; the form
 * is that of {@code keras.optimizers.schedules.CosineDecay}, where the warm-up is left out unless
 * its target is named. Here warm-up steps without a target hold η₀.
 *
 * @param initialLearningRate η₀ ≥ 0
 * @param decaySteps T, rounds of the decay, the warm-up not counted, ≥ 1
 * @param alpha α in [0, 1], the share of η₁ that remains
 * @param warmupTarget η₁ ≥ 0, where the warm-up ends and the decay begins; η₀ if left out
 * @param warmupSteps W, rounds of the warm-up, ≥ 0
 */
public record CosineDecay(
    double initialLearningRate,
    long decaySteps,
    double alpha,
    double warmupTarget,
    long warmupSteps)
    implements Schedule {

  /** A decay to zero without warm-up. */
  public CosineDecay(double initialLearningRate, long decaySteps) {
    this(initialLearningRate, decaySteps, 0, initialLearningRate, 0);
  }

  /** Checks the ranges stated above. */
  public CosineDecay {
    Settings.atLeastZero("initialLearningRate", initialLearningRate);
    Settings.atLeast(1, "decaySteps", decaySteps);
    Settings.fraction("alpha", alpha);
    Settings.atLeastZero("warmupTarget", warmupTarget);
    Settings.atLeast(0, "warmupSteps", warmupSteps);
  }

  @Override
  public double at(long round) {
    if (round < warmupSteps) {
      double progress = (double) round / warmupSteps;
      return initialLearningRate + (warmupTarget - initialLearningRate) * progress;
    }
    double progress = (double) Math.min(round - warmupSteps, decaySteps) / decaySteps;
    double cosine = (1 + StrictMath.cos(Math.PI * progress)) / 2;
    return warmupTarget * ((1 - alpha) * cosine + alpha);
  }
}
