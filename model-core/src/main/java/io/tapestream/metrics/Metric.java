package io.tapestream.metrics;

import io.tapestream.losses.Loss;
import io.tapestream.specs.Specified;
import io.tapestream.tensor.Tensor;

/**
 * A number about predictions, as a weighted mean over examples whose sums add up over batches; an
 * immutable record.
 */
public interface Metric extends Specified {

  /**
   * Sums over some examples; the metric's value is {@code sum / weight}.
   *
   * @param sum of what is measured, each example's by its weight
   * @param weight of the examples
   */
  record Sums(double sum, double weight) {}

  /** The name it is told by, such as {@code accuracy}. */
  String name();

  /**
   * Measures some examples.
   *
   * @param predictions (n, …)
   * @param labels of n examples
   * @param weights (n)
   */
  Sums measure(Tensor predictions, Tensor labels, Tensor weights);

  /** The metric to use with this loss: most are the same with any. */
  default Metric forLoss(Loss loss) {
    return this;
  }
}
