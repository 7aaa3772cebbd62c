package io.tapestream.operators.source;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a virtual worker's gradients have left unsent, where the job compresses them so. It belongs
 * to the virtual worker: it goes with each mini-batch, by reference, to the trainer chained behind
 * the source, which changes it, and with the split into checkpoints. So it is cut where the batches
 * are (I1), and comes along when the partition moves (I2).
 */
public final class Residual {

  private float @Nullable [] values;

  /** Nothing is left unsent. */
  public Residual() {}

  /**
   * As a checkpoint holds it.
   *
   * @param values empty if nothing is left unsent
   */
  Residual(float[] values) {
    this.values = values.length == 0 ? null : values;
  }

  /**
   * The live numbers, one for each trained parameter; 0 at first.
   *
   * @throws IllegalStateException if the checkpoint had another number of them
   */
  public float[] of(int parameters) {
    if (values == null) {
      values = new float[parameters];
    }
    if (values.length != parameters) {
      throw new IllegalStateException(
          "the checkpoint holds %d unsent gradients of a partition, the model has %d parameters"
              .formatted(values.length, parameters));
    }
    return values;
  }

  /** The numbers as they are now; empty if nothing is left unsent. */
  float[] toArray() {
    return values == null ? new float[0] : values.clone();
  }

  /** An independent copy. */
  Residual copy() {
    return new Residual(toArray());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Residual that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return values == null ? "nothing unsent" : values.length + " gradients unsent";
  }
}
