package io.tapestream.callbacks;

import java.util.Locale;
import java.util.Map;

/**
 * A value that is watched from epoch to epoch.
 *
 * @param name such as {@code val_loss}
 * @param mode which way is better
 */
public record Monitor(String name, Mode mode) {

  /** Which way is better. */
  public enum Mode {
    /** Smaller is better. */
    MIN,
    /** Larger is better. */
    MAX
  }

  /** By its name: accuracies, areas under curves, precision and recall shall rise; others fall. */
  public static Monitor of(String name) {
    boolean rises = name.toLowerCase(Locale.ROOT).matches(".*(acc|auc|precision|recall|f1).*");
    return new Monitor(name, rises ? Mode.MAX : Mode.MIN);
  }

  /**
   * The value after an epoch.
   *
   * @throws IllegalArgumentException if the epoch has no such value
   */
  double in(Map<String, Double> values) {
    Double value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "there is no \"" + name + "\" to monitor; an epoch has " + values.keySet());
    }
    return value;
  }

  /** Whether a value is better than another by more than a difference; NaN never is. */
  boolean better(double value, double than, double by) {
    return mode == Mode.MAX ? value - by > than : value + by < than;
  }

  /** What every value is better than. */
  double worst() {
    return mode == Mode.MAX ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
  }
}
