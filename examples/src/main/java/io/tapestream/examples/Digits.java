package io.tapestream.examples;

import io.tapestream.random.Philox;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;

/**
 * Digits as a pocket calculator shows them, 28 × 28 pixels, shifted by up to three pixels and with
 * noise; made from a seed, so that the examples need no download.
 */
final class Digits {
  static final int SIDE = 28;
  static final int CLASSES = 10;

  /**
   * Per digit, which of the seven segments are lit: top, top left, top right, middle, bottom left,
   * bottom right, bottom.
   */
  private static final String[] SEGMENTS = {
    "1110111", "0010010", "1011101", "1011011", "0111010",
    "1101011", "1101111", "1010010", "1111111", "1111011"
  };

  /** Per segment: row, column, height and width in pixels. */
  private static final int[][] STROKES = {
    {4, 8, 2, 12},
    {4, 8, 11, 2},
    {4, 18, 11, 2},
    {13, 8, 2, 12},
    {13, 8, 11, 2},
    {13, 18, 11, 2},
    {22, 8, 2, 12}
  };

  /**
   * Some digits.
   *
   * @return images (n, 28, 28, 1) in [0, 1] and labels (n), 0 to 9
   */
  static Batch of(int n, long seed) {
    float[] pixels = new float[n * SIDE * SIDE];
    float[] noise = new float[n * SIDE * SIDE];
    Philox.uniform(Philox.key(seed, 0), 0, noise, 0, noise.length);
    float[] places = new float[3 * n];
    Philox.uniform(Philox.key(seed, 1), 0, places, 0, places.length);
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = (long) (places[3 * i] * CLASSES);
      int down = (int) (places[3 * i + 1] * 7) - 3;
      int right = (int) (places[3 * i + 2] * 7) - 3;
      int from = i * SIDE * SIDE;
      for (int p = 0; p < SIDE * SIDE; p++) {
        pixels[from + p] = 0.3f * noise[from + p];
      }
      draw((int) labels[i], down, right, pixels, from);
    }
    return Batch.of(Tensor.of(pixels, n, SIDE, SIDE, 1), Tensor.of(labels));
  }

  private static void draw(int digit, int down, int right, float[] pixels, int from) {
    for (int s = 0; s < STROKES.length; s++) {
      if (SEGMENTS[digit].charAt(s) == '1') {
        int[] stroke = STROKES[s];
        for (int row = stroke[0]; row < stroke[0] + stroke[2]; row++) {
          for (int column = stroke[1]; column < stroke[1] + stroke[3]; column++) {
            pixels[from + (row + down) * SIDE + column + right] += 0.7f;
          }
        }
      }
    }
  }

  private Digits() {}
}
