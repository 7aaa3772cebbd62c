package io.tapestream.optimizers;

import io.tapestream.specs.Specified;
import java.util.Arrays;

/**
 * A rule that moves weights against their gradient. It is an immutable record of its
 * hyperparameters; its memory (momentum, moments) is passed in as slots, so the same rule serves
 * {@code fit} and the parameter server.
 *
 * <p>The calling loop:
 *
 * <pre>{@code
 * float[][] slots = optimizer.newSlots(weights.length);
 * for (long step = 1; ; step++) {
 *   optimizer.update(weights, 0, gradient, 0, slots, 0, weights.length, step);
 * }
 * }</pre>
 *
 * <p>A rule is plain Java on heap arrays, without fused multiply-add: the same inputs give the same
 * bits on every machine, whatever the ranges the vector is cut into.
 */
public interface Optimizer extends Specified {

  /** How many floats of memory each weight has. */
  int slots();

  /** The value that slot {@code slot} of a weight that was never updated holds. */
  float initialSlot(int slot);

  /** The smallest piece that may be updated by itself. */
  default Granule granule() {
    return Granule.ELEMENT;
  }

  /**
   * Updates {@code length} weights in place.
   *
   * @param weights the weights; those from {@code weightsFrom} on are updated
   * @param gradient their gradient of the loss that falls, from {@code gradientFrom} on; only read
   * @param slots one array per slot, updated from {@code slotsFrom} on
   * @param step 1 for the first update of these weights; counts the updates that were applied
   */
  void update(
      float[] weights,
      int weightsFrom,
      float[] gradient,
      int gradientFrom,
      float[][] slots,
      int slotsFrom,
      int length,
      long step);

  /** Slots of {@code length} weights that were never updated. */
  default float[][] newSlots(int length) {
    float[][] fresh = new float[slots()][length];
    for (int slot = 0; slot < fresh.length; slot++) {
      Arrays.fill(fresh[slot], initialSlot(slot));
    }
    return fresh;
  }
}
