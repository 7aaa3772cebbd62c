package io.tapestream.ops;

import io.tapestream.tensor.Tensor;

/**
 * {@code Y = X}, through which no gradient flows: tapes take Y for a constant; TensorFlow's {@code
 * tf.stop_gradient}. Nothing is copied.
 */
public final class StopGradient {
  private StopGradient() {}

  /**
   * Computes Y.
   *
   * @param x any shape and type
   * @return a view of x
   */
  public static Tensor of(Tensor x) {
    return x.reshape(x.shape());
  }
}
