package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/** Maxima and means under windows, per channel; images (n, h, w, c). */
final class Pooling {
  /**
   * What is done under one window, for the part of it that lies in the image: rows top … bottom−1,
   * columns left … right−1.
   */
  private interface Position {
    void at(int image, int output, int top, int bottom, int left, int right);
  }

  private Pooling() {}

  /**
   * Visits the windows in C order of the output; {@code output} counts its pixels over the whole
   * batch.
   */
  private static void visit(Tensor images, Window window, Position position) {
    int height = images.dim(1);
    int width = images.dim(2);
    int outputHeight = window.outputHeight(height);
    int outputWidth = window.outputWidth(width);
    int output = 0;
    for (int image = 0; image < images.dim(0); image++) {
      for (int p = 0; p < outputHeight; p++) {
        int top = p * window.strideHeight() - window.padTop();
        int bottom = Math.min(top + window.height(), height);
        for (int q = 0; q < outputWidth; q++, output++) {
          int left = q * window.strideWidth() - window.padLeft();
          int right = Math.min(left + window.width(), width);
          position.at(image, output, Math.max(top, 0), bottom, Math.max(left, 0), right);
        }
      }
    }
  }

  static void max(Tensor x, Window window, Tensor y) {
    int channels = x.dim(3);
    ByteBuffer from = x.buffer();
    ByteBuffer to = y.buffer();
    visit(
        x,
        window,
        (image, output, top, bottom, left, right) -> {
          int at = y.byteOffset() + 4 * output * channels;
          for (int c = 0; c < channels; c++) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int row = top; row < bottom; row++) {
              int rowAt = pixel(x, image, row, 0) + 4 * c;
              for (int column = left; column < right; column++) {
                largest = Math.max(largest, from.getFloat(rowAt + 4 * column * channels));
              }
            }
            to.putFloat(at + 4 * c, largest);
          }
        });
  }

  static void maxGradient(
      Tensor x, Tensor y, Tensor dy, Window window, Tensor dx, boolean accumulate) {
    if (!accumulate) {
      dx.clear();
    }
    int channels = x.dim(3);
    ByteBuffer from = x.buffer();
    ByteBuffer maxima = y.buffer();
    ByteBuffer gradients = dy.buffer();
    ByteBuffer to = dx.buffer();
    visit(
        x,
        window,
        (image, output, top, bottom, left, right) -> {
          for (int c = 0; c < channels; c++) {
            int element = 4 * (output * channels + c);
            float largest = maxima.getFloat(y.byteOffset() + element);
            int found = -1;
            for (int row = top; row < bottom && found < 0; row++) {
              for (int column = left; column < right && found < 0; column++) {
                int at = pixel(x, image, row, column) + 4 * c;
                if (from.getFloat(at) == largest) {
                  found = at - x.byteOffset() + dx.byteOffset();
                }
              }
            }
            if (found >= 0) {
              float gradient = gradients.getFloat(dy.byteOffset() + element);
              to.putFloat(found, to.getFloat(found) + gradient);
            }
          }
        });
  }

  static void average(Tensor x, Window window, Tensor y) {
    int channels = x.dim(3);
    ByteBuffer from = x.buffer();
    ByteBuffer to = y.buffer();
    visit(
        x,
        window,
        (image, output, top, bottom, left, right) -> {
          int at = y.byteOffset() + 4 * output * channels;
          float share = 1f / ((bottom - top) * (right - left));
          for (int c = 0; c < channels; c++) {
            float sum = 0;
            for (int row = top; row < bottom; row++) {
              int rowAt = pixel(x, image, row, 0) + 4 * c;
              for (int column = left; column < right; column++) {
                sum += from.getFloat(rowAt + 4 * column * channels);
              }
            }
            to.putFloat(at + 4 * c, sum * share);
          }
        });
  }

  static void averageGradient(Tensor dy, Window window, Tensor dx, boolean accumulate) {
    if (!accumulate) {
      dx.clear();
    }
    int channels = dx.dim(3);
    ByteBuffer from = dy.buffer();
    ByteBuffer to = dx.buffer();
    visit(
        dx,
        window,
        (image, output, top, bottom, left, right) -> {
          int at = dy.byteOffset() + 4 * output * channels;
          float share = 1f / ((bottom - top) * (right - left));
          for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
              int pixel = pixel(dx, image, row, column);
              for (int c = 0; c < channels; c++) {
                float gradient = from.getFloat(at + 4 * c) * share;
                to.putFloat(pixel + 4 * c, to.getFloat(pixel + 4 * c) + gradient);
              }
            }
          }
        });
  }

  /** Where a pixel's first channel lies. */
  private static int pixel(Tensor images, int image, int row, int column) {
    int pixels = (image * images.dim(1) + row) * images.dim(2) + column;
    return images.byteOffset() + 4 * pixels * images.dim(3);
  }
}
