package io.tapestream.clipping;

import io.tapestream.backend.Backends;
import io.tapestream.models.ParameterVector;
import io.tapestream.tensor.Tensor;

/** Passes over a stretch of the gradient vector, which lies off the heap, in chunks. */
final class Gradients {
  private static final int CHUNK_FLOATS = 4 * 1024;

  /** From an element to what takes its place. */
  @FunctionalInterface
  interface Rule {
    float of(float element);
  }

  /** √Σg² over {@code length} elements, summed in double. */
  static double norm(ParameterVector parameters, int from, int length) {
    Tensor gradients = parameters.gradients();
    return Math.sqrt(Backends.of(gradients.dtype()).squares(gradients.slice(from, from + length)));
  }

  /** Scales a stretch whose norm is larger than the bound to the bound. */
  static void shorten(ParameterVector parameters, int from, int length, double norm, double bound) {
    if (norm > bound) {
      float factor = (float) (bound / norm);
      replace(parameters, from, length, g -> g * factor);
    }
  }

  /** Replaces each of {@code length} elements. */
  static void replace(ParameterVector parameters, int from, int length, Rule rule) {
    Tensor gradients = parameters.gradients();
    float[] chunk = new float[Math.min(length, CHUNK_FLOATS)];
    for (int at = 0; at < length; at += chunk.length) {
      int n = Math.min(chunk.length, length - at);
      gradients.read(from + at, chunk, 0, n);
      for (int i = 0; i < n; i++) {
        chunk[i] = rule.of(chunk[i]);
      }
      gradients.write(from + at, chunk, 0, n);
    }
  }

  static void requireAboveZero(String name, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          "a gradient's " + name + " is clipped to a finite number above 0, not " + value);
    }
  }

  private Gradients() {}
}
