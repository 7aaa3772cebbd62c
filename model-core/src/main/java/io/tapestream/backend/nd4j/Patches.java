package io.tapestream.backend.nd4j;

import io.tapestream.backend.Window;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * Convolution as a matrix product: each window position's patch of the image is a row (window
 * height · window width · channels) of a matrix. With ND4J's own conv2d and its gradients a LeNet
 * step took five times as long.
 */
final class Patches {
  private final Window window;
  private final Shape images;
  private final int rows;
  private final int columns;
  private final int channels;

  /**
   * @param window that moves over the images
   * @param images (n, height, width, channels)
   */
  Patches(Window window, Shape images) {
    this.window = window;
    this.images = images;
    this.rows = window.outputHeight(images.dim(1));
    this.columns = window.outputWidth(images.dim(2));
    this.channels = images.dim(3);
  }

  /** The matrix's shape: a row per window position of every image. */
  Shape shape() {
    return Shape.of(images.dim(0) * rows * columns, window.height() * window.width() * channels);
  }

  /** Copies every patch of the images into its row; the border is 0. */
  void gather(Tensor x, Tensor patches) {
    ByteBuffer from = x.buffer();
    ByteBuffer to = patches.buffer();
    int bytes = x.dtype().bytes();
    patches.clear();
    stretches(
        (image, patch, length) ->
            to.put(
                patches.byteOffset() + patch * bytes,
                from,
                x.byteOffset() + image * bytes,
                length * bytes));
  }

  /** Adds every row to its patch of the images; what lies in the border is lost. */
  void scatterAdd(Tensor patches, Tensor dx) {
    ByteBuffer from = patches.buffer();
    ByteBuffer to = dx.buffer();
    if (dx.dtype() == DType.FLOAT32) {
      stretches(
          (image, patch, length) -> {
            int source = patches.byteOffset() + patch * Float.BYTES;
            int target = dx.byteOffset() + image * Float.BYTES;
            for (int i = 0; i < length * Float.BYTES; i += Float.BYTES) {
              to.putFloat(target + i, to.getFloat(target + i) + from.getFloat(source + i));
            }
          });
    } else {
      stretches(
          (image, patch, length) -> {
            int source = patches.byteOffset() + patch * Double.BYTES;
            int target = dx.byteOffset() + image * Double.BYTES;
            for (int i = 0; i < length * Double.BYTES; i += Double.BYTES) {
              to.putDouble(target + i, to.getDouble(target + i) + from.getDouble(source + i));
            }
          });
    }
  }

  /** A run of elements that lie side by side in the images and in the matrix. */
  @FunctionalInterface
  private interface Stretch {
    void visit(int image, int patch, int length);
  }

  /** Visits each row of each patch, less what lies in the border. */
  private void stretches(Stretch stretch) {
    int height = images.dim(1);
    int width = images.dim(2);
    int patch = 0;
    for (int n = 0; n < images.dim(0); n++) {
      for (int p = 0; p < rows; p++) {
        for (int q = 0; q < columns; q++) {
          int left = q * window.strideWidth() - window.padLeft();
          int first = Math.max(0, -left);
          int last = Math.min(window.width(), width - left);
          for (int i = 0; i < window.height(); i++) {
            int row = p * window.strideHeight() + i - window.padTop();
            if (row >= 0 && row < height && first < last) {
              stretch.visit(
                  ((n * height + row) * width + left + first) * channels,
                  patch + first * channels,
                  (last - first) * channels);
            }
            patch += window.width() * channels;
          }
        }
      }
    }
  }
}
