package io.tapestream.optimizers;

import io.tapestream.schedules.Constant;
import io.tapestream.schedules.Schedule;

/** Range checks of hyperparameters. */
final class Settings {

  static void atLeastZero(String optimizer, String name, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          optimizer + ": " + name + " must be a finite number of at least 0, got " + value);
    }
  }

  /** A learning rate that stays. */
  static Schedule rate(String optimizer, double learningRate) {
    atLeastZero(optimizer, "learningRate", learningRate);
    return new Constant(learningRate);
  }

  static void fraction(String optimizer, String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          optimizer + ": " + name + " must lie in [0, 1), got " + value);
    }
  }

  private Settings() {}
}
