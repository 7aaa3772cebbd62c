package io.tapestream.backend.cpu;

import io.tapestream.backend.RectifiedNorm;
import io.tapestream.backend.RectifiedNorm.Rectifier;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One thread's way through the lines of a {@link RectifiedNorm}: two rows of an image, under one
 * row of windows of 2 × 2.
 */
interface NormLine extends AutoCloseable {

  /**
   * For what a line has room.
   *
   * @param k columns
   * @param elements of a line of x, of which a quarter are maxima
   */
  record Form(int k, int elements, Rectifier rectifier) {
    static Form of(RectifiedNorm norm) {
      int k = norm.x().dim(3);
      return new Form(k, 2 * norm.x().dim(2) * k, norm.rectifier());
    }
  }

  /** Goes through this norm from now on, or through none. */
  void turnTo(@Nullable RectifiedNorm norm);

  /** Computes the maxima of a line, and notes which elements they are. */
  void forward(int line, Normalization.Columns columns);

  /**
   * As {@link Kernels#addProducts} and {@link Kernels#addColumns}, of x and the gradient of what
   * was normalized.
   *
   * @param from the first element, at the beginning of a row of k
   * @param n elements of whole rows
   * @param sums of the products, and of the gradient
   */
  void addSums(int from, int n, Tensor dy, float[] mean, float[][] sums);

  /** Computes a line of the gradient of x. */
  void gradient(int line, Tensor dy, Normalization.Slopes slopes, Tensor dx);

  @Override
  default void close() {}
}
