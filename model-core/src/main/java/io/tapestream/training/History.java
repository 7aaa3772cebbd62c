package io.tapestream.training;

import java.util.List;

/**
 * What {@code fit} saw: per epoch, loss and metrics of each batch before it was trained on, over
 * all its batches.
 *
 * @param epochs in order
 */
public record History(List<Scores> epochs) {

  /** Keeps a copy. */
  public History {
    epochs = List.copyOf(epochs);
  }

  /** The loss of each epoch. */
  public List<Double> losses() {
    return epochs.stream().map(Scores::loss).toList();
  }

  /** A metric of each epoch. */
  public List<Double> metric(String name) {
    return epochs.stream().map(epoch -> epoch.metric(name)).toList();
  }

  /** The last epoch. */
  public Scores last() {
    return epochs.get(epochs.size() - 1);
  }
}
