package io.tapestream.backend;

import io.tapestream.tensor.Tensor;

/**
 * What follows the convolutions of many networks: {@link Backend#normalize}, {@link
 * Backend#rectify} and {@link Backend#maxPool2d}, one after the other.
 *
 * @param x images (n, h, w, k)
 * @param columns by which x is normalized
 * @param rectifier of what was normalized
 * @param window of the pool
 * @param between memory of the size of x, which nothing else uses from the result to its gradient
 * @param y the result
 */
public record RectifiedNorm(
    Tensor x, NormColumns columns, Rectifier rectifier, Window window, Tensor between, Tensor y) {

  /** The arguments of {@link Backend#rectify}. */
  public record Rectifier(double slope, double threshold, double ceiling) {}
}
