package io.tapestream.schedules;

/**
 * The rate shrinks by the same factor over the same number of rounds.
 *
 * <pre>
 * η(t) = η₀ · decayRate^(t / decaySteps)         staircase: the exponent rounded down
 * </pre>
 *
 * <p>The form is that of {@code keras.optimizers.schedules.ExponentialDecay}.
 *
 * @param initialLearningRate η₀ ≥ 0
 * @param decaySteps rounds over which the rate shrinks by the factor once, ≥ 1
 * @param decayRate the factor, ≥ 0
 * @param staircase whether the rate changes only after each {@code decaySteps} rounds
 */
public record ExponentialDecay(
    double initialLearningRate, long decaySteps, double decayRate, boolean staircase)
    implements Schedule {

  /** A smooth decay. */
  public ExponentialDecay(double initialLearningRate, long decaySteps, double decayRate) {
    this(initialLearningRate, decaySteps, decayRate, false);
  }

  /** Checks the ranges stated above. */
  public ExponentialDecay {
    Settings.atLeastZero("initialLearningRate", initialLearningRate);
    Settings.atLeast(1, "decaySteps", decaySteps);
    Settings.atLeastZero("decayRate", decayRate);
  }

  @Override
  public double at(long round) {
    double progress = (double) round / decaySteps;
    return initialLearningRate
        * StrictMath.pow(decayRate, staircase ? Math.floor(progress) : progress);
  }
}
