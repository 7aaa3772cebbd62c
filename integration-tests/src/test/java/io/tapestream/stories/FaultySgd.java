package io.tapestream.stories;

import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.optimizers.Step;

/**
 * Plain SGD, on a parameter-server shard that can be made to fail.
 *
 * @param learningRate as in {@link Sgd}
 */
public record FaultySgd(double learningRate) implements Optimizer {
  static final String PLACE = "shard";

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
    Faults.pass(PLACE);
    new Sgd(learningRate, 0, false).update(weights, gradient, slots, from, length, step);
  }
}
