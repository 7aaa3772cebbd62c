package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;

/**
 * The binary cross-entropy of sigmoid(Z) against T, in nats per element: {@code L = max(Z, 0) − Z∘T
 * + ln(1 + e^−|Z|)}; {@code dZ = dL ∘ (sigmoid(Z) − T)}. Labels get no gradient.
 */
public final class SigmoidCrossEntropy {
  private SigmoidCrossEntropy() {}

  /**
   * Computes Y.
   *
   * @param logits any shape
   * @param labels of the same shape, in 0 … 1
   * @return losses of the same shape
   */
  public static Tensor of(Tensor logits, Tensor labels) {
    Check.floating("SigmoidCrossEntropy", logits, labels);
    Check.shapes(
        logits.shape().equals(labels.shape()),
        "SigmoidCrossEntropy",
        "logits and labels of one shape",
        logits,
        labels);
    Backend backend = Backends.of(logits.dtype());
    Tensor losses = Tensor.allocate(logits.dtype(), logits.shape());
    backend.sigmoidCrossEntropy(logits, labels, losses);
    return GradientTape.record(
        losses,
        (dlosses, adjoints) ->
            adjoints.add(
                logits,
                (dlogits, accumulate) ->
                    backend.sigmoidCrossEntropyGradient(
                        logits, labels, dlosses, dlogits, accumulate)),
        (dlosses, adjoints) ->
            adjoints.add(
                logits, () -> Multiply.of(dlosses, Subtract.of(Sigmoid.of(logits), labels))),
        logits,
        labels);
  }
}
