package io.tapestream.schedules;

/**
 * The rate falls along half a cosine wave and starts again, each period longer and lower than the
 * one before, or like it.
 *
 * <pre>
 * η(t) = η₀ · ((1 − α) · mMulⁱ · (1 + cos(π · s / Tᵢ)) / 2 + α)
 *        Tᵢ = firstDecaySteps · tMulⁱ;  t lies s rounds after the start of period i = 0, 1, …
 * </pre>
 *
 * <p>Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017; the form
 * is that of {@code keras.optimizers.schedules.CosineDecayRestarts}.
 *
 * @param initialLearningRate η₀ ≥ 0
 * @param firstDecaySteps rounds of the first period, ≥ 1
 * @param tMul how much longer each period is than the one before, ≥ 1
 * @param mMul how much higher each period starts than the one before, ≥ 0
 * @param alpha α in [0, 1], the share of η₀ that remains
 */
public record CosineDecayRestarts(
    double initialLearningRate, long firstDecaySteps, double tMul, double mMul, double alpha)
    implements Schedule {

  /** Keras's defaults: each period twice as long and as high, down to zero. */
  public CosineDecayRestarts(double initialLearningRate, long firstDecaySteps) {
    this(initialLearningRate, firstDecaySteps, 2, 1, 0);
  }

  /** Checks the ranges stated above. */
  public CosineDecayRestarts {
    Settings.atLeastZero("initialLearningRate", initialLearningRate);
    Settings.atLeast(1, "firstDecaySteps", firstDecaySteps);
    if (!(tMul >= 1 && Double.isFinite(tMul))) {
      throw new IllegalArgumentException("tMul must be a finite number of at least 1, got " + tMul);
    }
    Settings.atLeastZero("mMul", mMul);
    Settings.fraction("alpha", alpha);
  }

  @Override
  public double at(long round) {
    double start = 0;
    double length = firstDecaySteps;
    double period = 0;
    if (tMul == 1) {
      period = Math.floor(round / length);
      start = period * length;
    } else {
      while (round >= start + length) {
        start += length;
        length *= tMul;
        period++;
      }
    }
    double cosine = (1 + StrictMath.cos(Math.PI * (round - start) / length)) / 2;
    return initialLearningRate * ((1 - alpha) * StrictMath.pow(mMul, period) * cosine + alpha);
  }
}
