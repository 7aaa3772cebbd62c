package io.tapestream.backend;

/**
 * An activation function that backends fuse with the bias before it. Its derivative is a function
 * of its output y alone, so the backward pass needs no second copy of the input.
 */
public enum Activation {
  /** {@code y = z}; derivative 1. */
  LINEAR,
  /** {@code y = max(z, 0)}; derivative 1 where y > 0, else 0. */
  RELU,
  /** {@code y = 1 / (1 + e⁻ᶻ)}; derivative y(1 − y). */
  SIGMOID,
  /** {@code y = tanh z}; derivative 1 − y². */
  TANH
}
