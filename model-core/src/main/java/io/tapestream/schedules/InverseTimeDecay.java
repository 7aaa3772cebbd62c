package io.tapestream.schedules;

/**
 * The rate shrinks as one over the time.
 *
 * <pre>
 * η(t) = η₀ / (1 + decayRate · t / decaySteps)   staircase: the quotient rounded down
 * </pre>
 *
 * <p>The form is that of {@code keras.optimizers.schedules.InverseTimeDecay}.
 *
 * @param initialLearningRate η₀ ≥ 0
 * @param decaySteps the unit of time in rounds, ≥ 1
 * @param decayRate how fast, ≥ 0; at 1 the rate has halved after {@code decaySteps} rounds
 * @param staircase whether the rate changes only after each {@code decaySteps} rounds
 */
public record InverseTimeDecay(
    double initialLearningRate, long decaySteps, double decayRate, boolean staircase)
    implements Schedule {

  /** A smooth decay. */
  public InverseTimeDecay(double initialLearningRate, long decaySteps, double decayRate) {
    this(initialLearningRate, decaySteps, decayRate, false);
  }

  /** Checks the ranges stated above. */
  public InverseTimeDecay {
    Settings.atLeastZero("initialLearningRate", initialLearningRate);
    Settings.atLeast(1, "decaySteps", decaySteps);
    Settings.atLeastZero("decayRate", decayRate);
  }

  @Override
  public double at(long round) {
    double progress = (double) round / decaySteps;
    return initialLearningRate / (1 + decayRate * (staircase ? Math.floor(progress) : progress));
  }
}
