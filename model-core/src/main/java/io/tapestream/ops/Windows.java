package io.tapestream.ops;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** The shapes of pools. */
final class Windows {
  private Windows() {}

  /**
   * (n, output height, output width, channels), or an error that names the op if no window fits.
   */
  static Shape output(String op, Tensor x, Window window) {
    int height = window.outputHeight(x.dim(1));
    int width = window.outputWidth(x.dim(2));
    Check.shapes(
        height > 0 && width > 0,
        op,
        "images no smaller than the window of " + window.height() + "×" + window.width(),
        x);
    return Shape.of(x.dim(0), height, width, x.dim(3));
  }
}
