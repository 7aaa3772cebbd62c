package io.tapestream.training;

import java.util.List;

/**
 * What {@code fit} saw: per epoch, loss and metrics of each batch before it was trained on, over
 * all its batches; and after it those of the validation.
 *
 * @param firstEpoch the number of the first epoch
 * @param epochs in order
 * @param validation in the same order; empty without validation
 */
public record History(int firstEpoch, List<Scores> epochs, List<Scores> validation) {
  /** What the names of a validation's values begin with. */
  static final String VALIDATION = "val_";

  /** Keeps a copy. */
  public History {
    epochs = List.copyOf(epochs);
    validation = List.copyOf(validation);
  }

  /** The loss of each epoch. */
  public List<Double> losses() {
    return metric("loss");
  }

  /**
   * A value of each epoch.
   *
   * @param name {@code loss} or a metric's, after {@code val_} for the validation's
   * @throws IllegalArgumentException if there is none of this name
   */
  public List<Double> metric(String name) {
    return name.startsWith(VALIDATION) && !validation.isEmpty()
        ? values(validation, name.substring(VALIDATION.length()))
        : values(epochs, name);
  }

  private static List<Double> values(List<Scores> scores, String name) {
    return scores.stream().map(s -> s.value(name)).toList();
  }

  /** The last epoch. */
  public Scores last() {
    if (epochs.isEmpty()) {
      throw new IllegalStateException("no epoch was run: initialEpoch is epochs");
    }
    return epochs.get(epochs.size() - 1);
  }
}
