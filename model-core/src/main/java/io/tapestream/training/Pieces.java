package io.tapestream.training;

import java.util.Arrays;

/**
 * Where a batch is cut: into shares, one for each replica, and those into pieces of fixed length.
 *
 * @param ends the row after the last one of each piece, growing
 */
@SuppressWarnings("ArrayRecordComponent") // made, read and forgotten
record Pieces(int[] ends) {

  /**
   * Of a batch.
   *
   * @param rows of the batch
   * @param whole whether it is one piece, whatever its length
   */
  static Pieces of(int rows, StepSettings settings, boolean whole) {
    if (whole) {
      return new Pieces(new int[] {rows});
    }
    int[] ends = new int[rows];
    int n = 0;
    for (int replica = 0; replica < settings.replicas(); replica++) {
      int from = (int) ((long) rows * replica / settings.replicas());
      int to = (int) ((long) rows * (replica + 1) / settings.replicas());
      for (; from < to; from += settings.pieceRows()) {
        ends[n++] = Math.min(to - from, settings.pieceRows()) + from;
      }
    }
    return new Pieces(Arrays.copyOf(ends, n));
  }

  int count() {
    return ends.length;
  }

  int from(int piece) {
    return piece == 0 ? 0 : ends[piece - 1];
  }

  int to(int piece) {
    return ends[piece];
  }
}
