package io.tapestream.optimizers;

/** Range checks of hyperparameters. */
final class Settings {

  static void atLeastZero(String optimizer, String name, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          optimizer + ": " + name + " must be a finite number of at least 0, got " + value);
    }
  }

  static void fraction(String optimizer, String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          optimizer + ": " + name + " must lie in [0, 1), got " + value);
    }
  }

  private Settings() {}
}
