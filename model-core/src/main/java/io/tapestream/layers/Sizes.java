package io.tapestream.layers;

import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Shape;

/** Checks of lengths, and windows over images. */
final class Sizes {

  static void positive(String layer, String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          layer + ": " + setting + " must be at least 1, got " + value);
    }
  }

  static void finite(String layer, String setting, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          layer + ": " + setting + " must be a finite number, got " + value);
    }
  }

  static void atLeastZero(String layer, String setting, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          layer + ": " + setting + " must be a finite number of at least 0, got " + value);
    }
  }

  /**
   * Whether a window fits into an image at least once.
   *
   * @param image (height, width, channels)
   */
  static boolean fits(Shape image, Size2D size, Size2D strides, Padding padding) {
    int height = image.dim(0);
    int width = image.dim(1);
    Window window =
        Window.of(
            height, width, size.height(), size.width(), strides.height(), strides.width(), padding);
    return window.outputHeight(height) > 0 && window.outputWidth(width) > 0;
  }

  private Sizes() {}
}
