package io.tapestream.schedules;

/**
 * The rate goes from one value to another along a power of the time left, and stays there.
 *
 * <pre>
 * η(t) = (η₀ − η₁) · (1 − t / T)^power + η₁      t ≤ T = decaySteps
 * η(t) = η₁                                      t &gt; T; with cycle, T is instead the least multiple
 *                                                of decaySteps, 1 or more, that t does not exceed
 * </pre>
 *
 * <p>The form is that of {@code keras.optimizers.schedules.PolynomialDecay}. With η₀ = 0 and power
 * 1 it is a linear warm-up to a rate that stays.
 *
 * @param initialLearningRate η₀ ≥ 0
 * @param decaySteps rounds from η₀ to η₁, ≥ 1
 * @param endLearningRate η₁ ≥ 0
 * @param power of the share of time left, ≥ 0; 1 is a straight line
 * @param cycle whether the rate jumps up again after the end, each cycle starting lower
 */
public record PolynomialDecay(
    double initialLearningRate,
    long decaySteps,
    double endLearningRate,
    double power,
    boolean cycle)
    implements Schedule {

  /** Keras's defaults: a straight line down to 0.0001. */
  public PolynomialDecay(double initialLearningRate, long decaySteps) {
    this(initialLearningRate, decaySteps, 0.0001, 1, false);
  }

  /** Checks the ranges stated above. */
  public PolynomialDecay {
    Settings.atLeastZero("initialLearningRate", initialLearningRate);
    Settings.atLeast(1, "decaySteps", decaySteps);
    Settings.atLeastZero("endLearningRate", endLearningRate);
    Settings.atLeastZero("power", power);
  }

  @Override
  public double at(long round) {
    double end = decaySteps;
    if (cycle) {
      end *= Math.max(1, Math.ceil((double) round / decaySteps));
    }
    double left = 1 - Math.min((double) round, end) / end;
    return (initialLearningRate - endLearningRate) * StrictMath.pow(left, power) + endLearningRate;
  }
}
