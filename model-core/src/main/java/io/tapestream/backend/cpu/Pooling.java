package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/**
 * Maxima and means under windows, per channel; images (n, h, w, c). Works on whole rows copied into
 * the heap, where the compiler turns loops into vector instructions by itself: first down the rows
 * of a row of windows, then along it.
 */
final class Pooling {
  private final Window window;
  private final int images;
  private final int height;
  private final int width;
  private final int channels;
  private final int outputHeight;
  private final int outputWidth;

  /** Floats of a row of an image. */
  private final int rowLength;

  /** Floats of a row of the output. */
  private final int outputLength;

  /** A pool over images of the shape of {@code x}. */
  Pooling(Tensor x, Window window) {
    this.window = window;
    this.images = x.dim(0);
    this.height = x.dim(1);
    this.width = x.dim(2);
    this.channels = x.dim(3);
    this.outputHeight = window.outputHeight(height);
    this.outputWidth = window.outputWidth(width);
    this.rowLength = width * channels;
    this.outputLength = outputWidth * channels;
  }

  void max(Kernels kernels, Tensor x, Tensor y) {
    boolean inside = windowsLieInside();
    for (int line = 0; line < images * outputHeight; line++) {
      if (inside) {
        max(kernels, x, y, line, 0, outputWidth);
      } else {
        for (int q = 0; q < outputWidth; q++) {
          max(kernels, x, y, line, q, 1);
        }
      }
    }
  }

  private void max(Kernels kernels, Tensor x, Tensor y, int line, int q, int windows) {
    kernels.maxOfWindows(
        windows,
        4 * window.strideWidth() * channels,
        bottom(line) - top(line),
        4 * rowLength,
        right(q) - left(q),
        channels,
        x.buffer(),
        x.byteOffset() + windowAt(line, q),
        y.buffer(),
        y.byteOffset() + 4 * (line * outputLength + q * channels));
  }

  private boolean windowsLieInside() {
    return window.padLeft() == 0
        && (outputWidth - 1) * window.strideWidth() + window.width() <= width;
  }

  /** The byte at which the part of a window begins that lies in the image. */
  private int windowAt(int line, int q) {
    return 4 * (rowAt(line, top(line)) + left(q) * channels);
  }

  void maxGradient(Kernels kernels, Tensor x, Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    if (!accumulate && windowsTile()) {
      for (int line = 0; line < images * outputHeight; line++) {
        int at = windowAt(line, 0);
        int outputAt = 4 * line * outputLength;
        kernels.maxOfWindowsGradient(
            outputWidth,
            4 * window.width() * channels,
            window.height(),
            4 * rowLength,
            window.width(),
            channels,
            x.buffer(),
            x.byteOffset() + at,
            y.buffer(),
            y.byteOffset() + outputAt,
            dy.buffer(),
            dy.byteOffset() + outputAt,
            dx.buffer(),
            dx.byteOffset() + at);
      }
    } else {
      addMaxGradient(kernels, x, y, dy, dx, accumulate);
    }
  }

  /** Whether each element of an image lies in exactly one window. */
  private boolean windowsTile() {
    return window.strideHeight() == window.height()
        && window.strideWidth() == window.width()
        && outputHeight * window.height() == height
        && outputWidth * window.width() == width
        && window.padTop() == 0
        && window.padLeft() == 0;
  }

  /**
   * Visits a window's elements in order, all windows of a line together: the first that equals the
   * maximum takes what is given, and leaves nothing for those after it.
   */
  private void addMaxGradient(
      Kernels kernels, Tensor x, Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    if (!accumulate) {
      dx.clear();
    }
    float[] row = new float[rowLength];
    float[] gradient = new float[rowLength];
    float[] largest = new float[outputLength];
    float[] given = new float[outputLength];
    for (int line = 0; line < images * outputHeight; line++) {
      y.read(line * outputLength, largest, 0, outputLength);
      dy.read(line * outputLength, given, 0, outputLength);
      for (int r = top(line); r < bottom(line); r++) {
        int at = rowAt(line, r);
        x.read(at, row, 0, rowLength);
        dx.read(at, gradient, 0, rowLength);
        for (int j = 0; j < window.width(); j++) {
          takeColumns(kernels, j, row, gradient, largest, given);
        }
        dx.write(at, gradient, 0, rowLength);
      }
    }
  }

  /** Lets column j of each window that has it take what is given for it. */
  private void takeColumns(
      Kernels kernels, int j, float[] row, float[] gradient, float[] largest, float[] given) {
    int stride = window.strideWidth();
    int outside = window.padLeft() - j; // columns before the image, if above 0
    int first = outside > 0 ? (outside + stride - 1) / stride : 0;
    int end = Math.min(outputWidth, (width - 1 + outside) / stride + 1);
    int from = (first * stride - outside) * channels;
    kernels.takeMaxima(
        Math.max(0, end - first),
        channels,
        row,
        gradient,
        from,
        stride * channels,
        largest,
        given,
        first);
  }

  void average(Tensor x, Tensor y) {
    float[] row = new float[rowLength];
    float[] down = new float[rowLength];
    float[] result = new float[outputLength];
    for (int line = 0; line < images * outputHeight; line++) {
      x.read(rowAt(line, top(line)), down, 0, rowLength);
      for (int r = top(line) + 1; r < bottom(line); r++) {
        x.read(rowAt(line, r), row, 0, rowLength);
        for (int i = 0; i < rowLength; i++) {
          down[i] += row[i];
        }
      }
      for (int q = 0; q < outputWidth; q++) {
        float share = share(line, q);
        int to = q * channels;
        int last = (right(q) - 1) * channels;
        int beforeLast = last - channels;
        if (right(q) - left(q) == 2) {
          for (int c = 0; c < channels; c++) {
            result[to + c] = (down[beforeLast + c] + down[last + c]) * share;
          }
        } else {
          averageAlong(down, left(q), right(q), share, result, to);
        }
      }
      y.write(line * outputLength, result, 0, outputLength);
    }
  }

  private void averageAlong(
      float[] down, int left, int right, float share, float[] result, int to) {
    for (int c = 0; c < channels; c++) {
      float sum = 0;
      for (int column = left; column < right; column++) {
        sum += down[column * channels + c];
      }
      result[to + c] = sum * share;
    }
  }

  void averageGradient(Tensor dy, Tensor dx, boolean accumulate) {
    boolean apart = window.strideHeight() >= window.height() && !accumulate;
    if (!accumulate && !(apart && coversEveryRow())) {
      dx.clear();
    }
    float[] given = new float[outputLength];
    float[] along = new float[rowLength];
    float[] row = new float[rowLength];
    for (int line = 0; line < images * outputHeight; line++) {
      dy.read(line * outputLength, given, 0, outputLength);
      Arrays.fill(along, 0f);
      for (int q = 0; q < outputWidth; q++) {
        float share = share(line, q);
        int from = q * channels;
        for (int column = left(q); column < right(q); column++) {
          int to = column * channels;
          for (int c = 0; c < channels; c++) {
            along[to + c] += given[from + c] * share;
          }
        }
      }
      for (int r = top(line); r < bottom(line); r++) {
        int at = rowAt(line, r);
        if (apart) {
          dx.write(at, along, 0, rowLength);
        } else {
          dx.read(at, row, 0, rowLength);
          for (int i = 0; i < rowLength; i++) {
            row[i] += along[i];
          }
          dx.write(at, row, 0, rowLength);
        }
      }
    }
  }

  private boolean coversEveryRow() {
    return window.strideHeight() <= window.height() && bottom(outputHeight - 1) == height;
  }

  // A line is a row of windows, counted over the batch. The part of a window that lies in the image
  // is rows top … bottom − 1 and columns left … right − 1.

  private int top(int line) {
    return Math.max(line % outputHeight * window.strideHeight() - window.padTop(), 0);
  }

  private int bottom(int line) {
    int bottom = line % outputHeight * window.strideHeight() - window.padTop() + window.height();
    return Math.min(bottom, height);
  }

  private int left(int q) {
    return Math.max(q * window.strideWidth() - window.padLeft(), 0);
  }

  private int right(int q) {
    return Math.min(q * window.strideWidth() - window.padLeft() + window.width(), width);
  }

  private float share(int line, int q) {
    return 1f / ((bottom(line) - top(line)) * (right(q) - left(q)));
  }

  /** The first element of an image's row. */
  private int rowAt(int line, int row) {
    return (line / outputHeight * height + row) * rowLength;
  }
}
