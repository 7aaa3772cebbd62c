package io.tapestream.losses;

import io.tapestream.metrics.Metric;
import io.tapestream.specs.Specified;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** How wrong each prediction is; an immutable record. */
public interface Loss extends Specified {

  /**
   * The loss of each example, differentiable in the predictions.
   *
   * @param predictions (n, …)
   * @param labels of n examples, as the loss says
   * @return (n), of the predictions' type
   * @throws IllegalArgumentException if the shapes don't fit each other, naming both
   */
  Tensor perExample(Tensor predictions, Tensor labels);

  /**
   * Whether training minimises the weighted mean over a batch, so that the summed gradient is
   * divided by the summed weights; otherwise it minimises the sum.
   */
  default boolean mean() {
    return true;
  }

  /**
   * How many classes a label may name, from 0 on, where labels are class indices; 0 where they are
   * not.
   *
   * @param prediction the shape of one example's prediction
   */
  default int labelClasses(Shape prediction) {
    return 0;
  }

  /**
   * The accuracy that belongs to this loss.
   *
   * @throws IllegalArgumentException if there is none
   */
  default Metric accuracy() {
    throw new IllegalArgumentException(
        "there is no accuracy for "
            + getClass().getSimpleName()
            + "; name a metric of its own, such as MeanLoss");
  }
}
