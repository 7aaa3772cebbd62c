package io.tapestream.stories;

import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;

/**
 * LARS (You, Gitman and Ginsburg 2017) without momentum or decay, an optimizer that needs whole
 * tensors: {@code w ← w − learningRate · ‖w‖ / ‖g‖ · g}; where a norm is 0, the ratio is 1.
 *
 * @param learningRate above 0
 */
public record TrustRatioSgd(double learningRate) implements Optimizer {

  @Override
  public Granule granule() {
    return Granule.TENSOR;
  }

  @Override
  public int slots() {
    return 0;
  }

  @Override
  public float initialSlot(int slot) {
    return 0;
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
    double ratio = norm(weights, from, length) / norm(gradient, from, length);
    double rate = learningRate * (ratio > 0 && ratio < Double.POSITIVE_INFINITY ? ratio : 1);
    for (int i = from; i < from + length; i++) {
      weights[i] -= (float) (rate * gradient[i]);
    }
  }

  private static double norm(float[] values, int from, int length) {
    double squares = 0;
    for (int i = from; i < from + length; i++) {
      squares += (double) values[i] * values[i];
    }
    return Math.sqrt(squares);
  }
}
