package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;

/**
 * Where the patches of one image lie. A run is one row of a patch: {@code length} floats, window
 * width times channels, next to each other both in the image and in the matrix of patches. Runs are
 * in the matrix's order: output row, output column, window row.
 *
 * @param length floats of a run in the matrix
 * @param skipped for each run, its floats left of the image
 * @param from for each run, where in the image the first float after those lies
 * @param count for each run, its floats inside the image; the rest is border
 */
record PatchRuns(int length, int[] skipped, int[] from, int[] count) {

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
}
