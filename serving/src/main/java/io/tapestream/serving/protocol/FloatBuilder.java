package io.tapestream.serving.protocol;

import java.util.Arrays;

/** A growing array of floats. */
public final class FloatBuilder {
  private float[] values = new float[16];
  private int size;

  /** Appends a value. */
  public void add(float value) {
    ensure(1);
    values[size++] = value;
  }

  /** Appends all of another's values. */
  public void addAll(FloatBuilder other) {
    ensure(other.size);
    System.arraycopy(other.values, 0, values, size, other.size);
    size += other.size;
  }

  /** Number of values. */
  public int size() {
    return size;
  }

  /** The values, copied. */
  public float[] toArray() {
    return Arrays.copyOf(values, size);
  }

  private void ensure(int more) {
    int needed = Math.addExact(size, more);
    if (needed > values.length) {
      values = Arrays.copyOf(values, Math.max(needed, values.length * 2));
    }
  }
}
