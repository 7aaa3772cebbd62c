package io.tapestream.backend.cpu;

import io.tapestream.backend.Crew;
import io.tapestream.tensor.Workspace;

/**
 * Where the work of primitives is cut for a {@link Crew} to share. The cuts depend on lengths
 * alone.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class Parts {
  /** Elements of a part: enough to be worth handing to another thread, few enough for its cache. */
  private static final int ELEMENTS = 32 * 1024;

  private Parts() {}

  /** The work on items {@code from … to-1}. */
  @FunctionalInterface
  interface Range {
    /** Does it. */
    void run(int from, int to);
  }

  /** Shares the work on so many elements, in parts that are multiples of any vector. */
  static void ofElements(int n, Range work) {
    of(n, ELEMENTS, work);
  }

  /** Shares the work on rows of {@code width} elements. */
  static void ofRows(int rows, int width, Range work) {
    of(rows, rowsOfAPart(width), work);
  }

  /** How many rows of {@code width} elements a part has, if there are as many. */
  static int rowsOfAPart(int width) {
    return Math.max(1, ELEMENTS / Math.max(1, width));
  }

  /**
   * Shares the work on n images or rows that takes slices of tensors: they are made outside of any
   * workspace, since it depends on the threads how many of them one makes.
   */
  static void ofSlices(int n, int atOnce, Range work) {
    of(
        n,
        atOnce,
        (from, to) -> {
          try (Workspace.Scope none = Workspace.outside()) {
            work.run(from, to);
          }
        });
  }

  /** Shares the work on n items, {@code atOnce} in each part. */
  static void of(int n, int atOnce, Range work) {
    if (n <= atOnce) {
      if (n > 0) {
        work.run(0, n);
      }
      return;
    }
    Crew.share(
        (n + atOnce - 1) / atOnce,
        part -> work.run(part * atOnce, Math.min(n, (part + 1) * atOnce)));
  }
}
