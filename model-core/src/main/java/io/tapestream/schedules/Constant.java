package io.tapestream.schedules;

/**
 * A rate that stays. A specification writes it as a bare number.
 *
 * @param value η ≥ 0
 */
public record Constant(double value) implements Schedule {

  /** Checks that the rate is one. */
  public Constant {
    Settings.atLeastZero("learningRate", value);
  }

  @Override
  public double at(long round) {
    return value;
  }
}
