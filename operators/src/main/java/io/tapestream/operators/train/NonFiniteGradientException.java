package io.tapestream.operators.train;

import io.tapestream.operators.source.MiniBatch;
import io.tapestream.training.StepResult;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * A mini-batch has no finite loss or gradient; it names the records. Nothing of it was sent. The
 * same records would give it again, so Flink fails the job and does not restart it.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
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
