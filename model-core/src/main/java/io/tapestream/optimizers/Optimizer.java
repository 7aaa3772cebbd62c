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
 * for (long n = 1; ; n++) {
 *   optimizer.update(weights, gradient, slots, 0, weights.length, Step.of(n));
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

  /**
   * Whether an update leaves an element whose gradient is zero as it is, and its slots too. Then
   * only the rows of a table that a step has touched are updated, and nothing else changes.
   */
  default boolean leavesZeros() {
    return false;
  }

  /** The smallest piece that may be updated by itself. */
  default Granule granule() {
    return Granule.ELEMENT;
  }

  /**
   * Updates weights {@code from … from+length-1} in place. All arrays are indexed alike, for only
   * then does the compiler know that no element is read after another one's write, and computes
   * sixteen at a time.
   *
   * @param gradient of the loss that falls; only read
   * @param slots one array per slot
   * @param step which update of these weights it is
   */
  void update(float[] weights, float[] gradient, float[][] slots, int from, int length, Step step);

  /**
   * Updates {@code length} weights in place that begin at different places in their arrays.
   *
   * @param weights the weights; those from {@code weightsFrom} on are updated
   * @param gradient from {@code gradientFrom} on; only read
   * @param slots one array per slot, updated from {@code slotsFrom} on
   * @param step which update of these weights it is
   */
  default void update(
      float[] weights,
      int weightsFrom,
      float[] gradient,
      int gradientFrom,
      float[][] slots,
      int slotsFrom,
      int length,
      Step step) {
    if (weightsFrom == gradientFrom && (slotsFrom == weightsFrom || slots.length == 0)) {
      update(weights, gradient, slots, weightsFrom, length, step);
      return;
    }
    float[] w = Arrays.copyOfRange(weights, weightsFrom, weightsFrom + length);
    float[] g = Arrays.copyOfRange(gradient, gradientFrom, gradientFrom + length);
    float[][] s = new float[slots.length][];
    for (int slot = 0; slot < s.length; slot++) {
      s[slot] = Arrays.copyOfRange(slots[slot], slotsFrom, slotsFrom + length);
    }
    update(w, g, s, 0, length, step);
    System.arraycopy(w, 0, weights, weightsFrom, length);
    for (int slot = 0; slot < s.length; slot++) {
      System.arraycopy(s[slot], 0, slots[slot], slotsFrom, length);
    }
  }

  /** Slots of {@code length} weights that were never updated. */
  default float[][] newSlots(int length) {
    float[][] fresh = new float[slots()][length];
    for (int slot = 0; slot < fresh.length; slot++) {
      Arrays.fill(fresh[slot], initialSlot(slot));
    }
    return fresh;
  }
}
