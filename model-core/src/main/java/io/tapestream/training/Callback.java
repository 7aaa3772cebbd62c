package io.tapestream.training;

import java.util.Map;

/**
 * Told how a {@code fit} goes, and may end it; Keras's {@code Callback}. The calls of a run:
 *
 * <pre>
 * onTrainBegin { onEpochBegin { onBatchBegin onBatchEnd }* onEpochEnd }* onTrainEnd
 * </pre>
 *
 * <p>Values go by Keras's names: {@code loss}, each metric's name, and with validation {@code
 * val_loss}, {@code val_accuracy}, … All are called on the thread that called {@code fit}.
 */
public interface Callback {

  /** Before the first epoch; a callback that is used again forgets here what it knows. */
  default void onTrainBegin(Training training) {}

  /** After the last epoch, unless the run failed. */
  default void onTrainEnd(Training training) {}

  /**
   * Before an epoch.
   *
   * @param epoch from 0
   */
  default void onEpochBegin(Training training, int epoch) {}

  /**
   * After an epoch and its validation.
   *
   * @param epoch from 0
   * @param values of the epoch
   */
  default void onEpochEnd(Training training, int epoch, Map<String, Double> values) {}

  /**
   * Before a batch is trained on.
   *
   * @param batch of the epoch, from 0
   */
  default void onBatchBegin(Training training, int batch) {}

  /**
   * After a batch was trained on.
   *
   * @param batch of the epoch, from 0
   * @param values over the epoch's batches so far
   */
  default void onBatchEnd(Training training, int batch, Map<String, Double> values) {}

  /**
   * When a batch's loss or gradient is not finite; nothing of it was applied (I6).
   *
   * @param batch of the epoch, from 0
   * @return whether this was dealt with, so that the run goes on or, after {@link Training#stop},
   *     ends; otherwise it fails
   */
  default boolean onNotFinite(Training training, int batch, StepResult result) {
    return false;
  }
}
