package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a convolution plan computes: one of the three products of a convolution, for one shape of
 * its tensors.
 *
 * @param product which one
 * @param images in the batch
 * @param height of an image
 * @param width of an image
 * @param in channels of an image
 * @param out channels of the result
 * @param window how the filter moves
 * @param bias whether a bias is added; forward only
 * @param relu whether negative results become 0; forward only
 * @param squashed whether an activation follows that makes large sums small, so that the rounding
 *     errors of the sums count in full; forward only
 */
record Convolution(
    Product product,
    int images,
    int height,
    int width,
    int in,
    int out,
    Window window,
    boolean bias,
    boolean relu,
    boolean squashed) {

  /** The three products, each with the tensors it reads and the one it writes. */
  enum Product {
    /** (x, filter, bias) → y. */
    FORWARD,
    /** (dz, filter) → dx. */
    INPUT_GRADIENT,
    /** (x, dz) → dfilter. */
    FILTER_GRADIENT
  }

  /** A prepared convolution; one thread uses it at a time. */
  interface Plan extends AutoCloseable {
    /**
     * Computes the product and overwrites the result.
     *
     * @param left x or dz
     * @param right the filter or dz
     * @param bias if there is one
     * @param result what is written
     */
    void run(Tensor left, Tensor right, @Nullable Tensor bias, Tensor result);

    @Override
    void close();
  }

  int outputHeight() {
    return window.outputHeight(height);
  }

  int outputWidth() {
    return window.outputWidth(width);
  }

  /** Elements of one filter: the length of a patch. */
  int patch() {
    return window.height() * window.width() * in;
  }
}
