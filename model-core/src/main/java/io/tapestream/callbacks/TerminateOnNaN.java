package io.tapestream.callbacks;

import io.tapestream.training.Callback;
import io.tapestream.training.StepResult;
import io.tapestream.training.Training;

/**
 * Ends a run at the first batch whose loss or gradient is not finite, where it would otherwise
 * fail; Keras's {@code TerminateOnNaN}. Unlike there nothing of that batch has been applied: the
 * parameters are those before it.
 */
public final class TerminateOnNaN implements Callback {
  @Override
  public boolean onNotFinite(Training training, int batch, StepResult result) {
    training.stop();
    return true;
  }
}
