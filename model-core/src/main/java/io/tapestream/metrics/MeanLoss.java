package io.tapestream.metrics;

import io.tapestream.losses.Loss;
import io.tapestream.tensor.Tensor;

/**
 * The mean of a loss, which may be another than the one that is trained on.
 *
 * @param name it is told by
 * @param loss that is averaged
 */
public record MeanLoss(String name, Loss loss) implements Metric {
  @Override
  public Sums measure(Tensor predictions, Tensor labels, Tensor weights) {
    double[] losses = loss.perExample(predictions, labels).toDoubles();
    return Examples.weigh(weights, losses.length, (row, width) -> losses[row]);
  }
}
