package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;

/**
 * Where the patches of one image lie. A run is one row of a patch: window width times channels
 * floats, next to each other both in the image and in the matrix of patches. Runs are in the
 * matrix's order: output row, output column, window row.
 */
final class PatchRuns {
  private final int length;
  private final int[] skipped;
  private final int[] from;
  private final int[] count;

  private PatchRuns(int length, int[] skipped, int[] from, int[] count) {
    this.length = length;
    this.skipped = skipped;
    this.from = from;
    this.count = count;
  }

  static PatchRuns of(Convolution convolution) {
    Window window = convolution.window();
    int channels = convolution.in();
    int total = convolution.outputHeight() * convolution.outputWidth() * window.height();
    int[] skipped = new int[total];
    int[] from = new int[total];
    int[] count = new int[total];
    int run = 0;
    for (int p = 0; p < convolution.outputHeight(); p++) {
      for (int q = 0; q < convolution.outputWidth(); q++) {
        int left = q * window.strideWidth() - window.padLeft();
        int first = Math.max(left, 0);
        int last = Math.min(left + window.width(), convolution.width());
        for (int i = 0; i < window.height(); i++, run++) {
          int row = p * window.strideHeight() - window.padTop() + i;
          if (row >= 0 && row < convolution.height() && first < last) {
            skipped[run] = (first - left) * channels;
            from[run] = (row * convolution.width() + first) * channels;
            count[run] = (last - first) * channels;
          }
        }
      }
    }
    return new PatchRuns(window.width() * channels, skipped, from, count);
  }

  /** Floats of a run in the matrix. */
  int length() {
    return length;
  }

  /** A run's floats left of the image. */
  int skipped(int run) {
    return skipped[run];
  }

  /** Where in the image a run's first float after those lies. */
  int from(int run) {
    return from[run];
  }

  /** A run's floats inside the image; the rest is border. */
  int count(int run) {
    return count[run];
  }
}
