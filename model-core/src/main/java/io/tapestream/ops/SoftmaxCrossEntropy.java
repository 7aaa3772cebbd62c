package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * {@code L = −Σ T ∘ ln softmax(Z)}, in nats per row; {@code dZ = dL ∘ (softmax(Z) · Σ T − T)}.
 * Labels get no gradient.
 */
public final class SoftmaxCrossEntropy {
  private SoftmaxCrossEntropy() {}

  /**
   * Computes Y.
   *
   * @param logits (n, k)
   * @param labels (n), the class of each row, 0 … k−1, as integers of any type; or (n, k), a
   *     distribution over the classes
   * @return losses (n)
   * @throws IllegalArgumentException if the shapes disagree, or a class does not exist
   */
  public static Tensor of(Tensor logits, Tensor labels) {
    Check.floating("SoftmaxCrossEntropy", logits);
    boolean classes = labels.rank() == 1;
    Check.shapes(
        logits.rank() == 2
            && (classes ? labels.dim(0) == logits.dim(0) : labels.shape().equals(logits.shape())),
        "SoftmaxCrossEntropy",
        "logits (n, k) and labels (n) or (n, k)",
        logits,
        labels);
    if (!classes) {
      Check.floating("SoftmaxCrossEntropy", logits, labels);
    }
    Backend backend = Backends.of(logits.dtype());
    Tensor losses = Tensor.allocate(logits.dtype(), Shape.of(logits.dim(0)));
    Tensor probabilities = Tensor.allocate(logits.dtype(), logits.shape());
    backend.softmaxCrossEntropy(logits, labels, losses, probabilities);
    return GradientTape.record(
        losses,
        (dlosses, adjoints) ->
            adjoints.add(
                logits,
                (dlogits, accumulate) ->
                    backend.softmaxCrossEntropyGradient(
                        probabilities, labels, dlosses, dlogits, accumulate)),
        (dlosses, adjoints) ->
            adjoints.add(
                logits,
                () -> {
                  Tensor t = classes ? OneHot.of(labels, logits.dim(1), logits.dtype()) : labels;
                  Tensor p = Multiply.of(Softmax.of(logits), Sum.keepDims(t, 1));
                  return Multiply.of(
                      Reshape.of(dlosses, Shape.of(logits.dim(0), 1)), Subtract.of(p, t));
                }),
        logits,
        labels);
  }
}
