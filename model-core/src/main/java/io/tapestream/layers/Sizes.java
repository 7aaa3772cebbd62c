package io.tapestream.layers;

import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.onnx.OnnxOp;
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
    Window window = window(image, size, strides, padding);
    return window.outputHeight(image.dim(0)) > 0 && window.outputWidth(image.dim(1)) > 0;
  }

  private static Window window(Shape image, Size2D size, Size2D strides, Padding padding) {
    return Window.of(
        image.dim(0),
        image.dim(1),
        size.height(),
        size.width(),
        strides.height(),
        strides.width(),
        padding);
  }

  /** Says to an ONNX node how its window moves over an image. */
  static void window(Shape image, Size2D size, Size2D strides, Padding padding, OnnxOp node) {
    Window window = window(image, size, strides, padding);
    node.integers("strides", strides.height(), strides.width());
    node.integers("pads", window.padTop(), window.padLeft(), window.padBottom(), window.padRight());
  }

  private Sizes() {}
}
