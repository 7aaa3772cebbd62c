package io.tapestream.operators.train;

import io.tapestream.operators.source.MiniBatch;
import io.tapestream.training.StepResult;

/** A mini-batch has no finite loss or gradient; it names the records. Nothing of it was sent. */
public final class NonFiniteGradientException extends ArithmeticException {

  private static final long serialVersionUID = 1L;

  NonFiniteGradientException(MiniBatch batch, StepResult result) {
    super(
        ("the gradient of %s is not finite (loss %s, gradient norm %s), so the job stops before it"
                + " reaches the weights. Lower the learning rate, or look for extreme values in"
                + " these records")
            .formatted(batch.origin(), result.meanLoss(), result.gradientNorm()));
  }
}
