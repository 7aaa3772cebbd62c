package io.tapestream.backend.nd4j;

import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;

/**
 * ND4J's integer arguments for pools over images (n, height, width, channels): window, strides,
 * borders, dilations, 1 for its own SAME borders, whether the border counts in a mean, and the
 * place of the channels.
 */
final class Nd4jWindows {
  private static final long CHANNELS_LAST = 1;
  private static final long BORDER_NOT_COUNTED = 0;

  private Nd4jWindows() {}

  static long[] pool(Window window, Tensor image) {
    boolean symmetric =
        window.padTop() == window.padBottom() && window.padLeft() == window.padRight();
    if (!symmetric && !window.equals(same(window, image))) {
      throw new IllegalArgumentException(
          "the nd4j backend knows borders that are equal on both sides or those of SAME, not "
              + window);
    }
    return new long[] {
      window.height(),
      window.width(),
      window.strideHeight(),
      window.strideWidth(),
      symmetric ? window.padTop() : 0,
      symmetric ? window.padLeft() : 0,
      1,
      1,
      symmetric ? 0 : 1,
      BORDER_NOT_COUNTED,
      CHANNELS_LAST
    };
  }

  private static Window same(Window window, Tensor image) {
    return Window.of(
        image.dim(1),
        image.dim(2),
        window.height(),
        window.width(),
        window.strideHeight(),
        window.strideWidth(),
        Padding.SAME);
  }
}
