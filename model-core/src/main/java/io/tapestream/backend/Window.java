package io.tapestream.backend;

/**
 * How a window (a convolution's filter or a pool) moves over an image. Lengths are in pixels.
 *
 * @param height of the window
 * @param width of the window
 * @param strideHeight from one window to the next below
 * @param strideWidth from one window to the next on the right
 * @param padTop rows of border above the image
 * @param padBottom rows of border below the image
 * @param padLeft columns of border left of the image
 * @param padRight columns of border right of the image
 */
public record Window(
    int height,
    int width,
    int strideHeight,
    int strideWidth,
    int padTop,
    int padBottom,
    int padLeft,
    int padRight) {

  /** Checks that lengths and strides are positive and borders shorter than the window. */
  public Window {
    if (height < 1 || width < 1 || strideHeight < 1 || strideWidth < 1) {
      throw new IllegalArgumentException(
          "a window of "
              + height
              + "×"
              + width
              + " with strides "
              + strideHeight
              + ", "
              + strideWidth
              + ": all must be at least 1");
    }
    if (Math.min(Math.min(padTop, padBottom), Math.min(padLeft, padRight)) < 0
        || Math.max(padTop, padBottom) >= height
        || Math.max(padLeft, padRight) >= width) {
      throw new IllegalArgumentException(
          "borders (top, bottom, left, right) "
              + padTop
              + ", "
              + padBottom
              + ", "
              + padLeft
              + ", "
              + padRight
              + " must be at least 0 and less than the window's "
              + height
              + "×"
              + width);
    }
  }

  /** The window over an image of the given size, with the border that a padding rule asks for. */
  public static Window of(
      int imageHeight,
      int imageWidth,
      int height,
      int width,
      int strideHeight,
      int strideWidth,
      Padding padding) {
    if (padding == Padding.VALID) {
      return new Window(height, width, strideHeight, strideWidth, 0, 0, 0, 0);
    }
    int vertical = border(imageHeight, height, strideHeight);
    int horizontal = border(imageWidth, width, strideWidth);
    return new Window(
        height,
        width,
        strideHeight,
        strideWidth,
        vertical / 2,
        vertical - vertical / 2,
        horizontal / 2,
        horizontal - horizontal / 2);
  }

  private static int border(int image, int window, int stride) {
    int windows = (image + stride - 1) / stride;
    return Math.max((windows - 1) * stride + window - image, 0);
  }

  /** The number of window positions from top to bottom: the height of the output. */
  public int outputHeight(int imageHeight) {
    return positions(imageHeight + padTop + padBottom, height, strideHeight);
  }

  /** The number of window positions from left to right: the width of the output. */
  public int outputWidth(int imageWidth) {
    return positions(imageWidth + padLeft + padRight, width, strideWidth);
  }

  private static int positions(int length, int window, int stride) {
    return length < window ? 0 : (length - window) / stride + 1;
  }
}
