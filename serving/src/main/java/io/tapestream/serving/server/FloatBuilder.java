package io.tapestream.serving.server;

import java.util.Arrays;

/** A growing array of floats. */
final class FloatBuilder {
  private float[] values = new float[16];
  private int size;

  void add(float value) {
    ensure(1);
    values[size++] = value;
  }

  void addAll(FloatBuilder other) {
    ensure(other.size);
    System.arraycopy(other.values, 0, values, size, other.size);
    size += other.size;
  }

  int size() {
    return size;
  }

  float[] toArray() {
    return Arrays.copyOf(values, size);
  }

  private void ensure(int more) {
    int needed = Math.addExact(size, more);
    if (needed > values.length) {
      values = Arrays.copyOf(values, Math.max(needed, values.length * 2));
    }
  }
}
