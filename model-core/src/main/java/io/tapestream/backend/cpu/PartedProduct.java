package io.tapestream.backend.cpu;

/**
 * Products {@code c = a · b + bias} of one matrix b with many a, one after another, whose rows are
 * cut into the same parts each time. One thread at a time computes a part.
 */
interface PartedProduct extends AutoCloseable {

  /**
   * What is the same for all of them. No matrix has gaps between its rows.
   *
   * @param rows of a and c
   * @param rowsOfAPart the last part may have fewer
   * @param n columns of b and c
   * @param upper rows of b's upper half, which lies by itself
   * @param lower rows of its lower half; 0 if there is none
   * @param transposed whether b's transpose is what is given; it has no lower half then
   * @param bias whether one is added
   * @param accumulate whether it is all added to c; not with a bias
   */
  record Key(
      int rows,
      int rowsOfAPart,
      int n,
      int upper,
      int lower,
      boolean transposed,
      boolean bias,
      boolean accumulate) {

    /** Columns of a and rows of b. */
    int k() {
      return upper + lower;
    }

    int parts() {
      return (rows + rowsOfAPart - 1) / rowsOfAPart;
    }

    int rowsOf(int part) {
      return Math.min(rowsOfAPart, rows - part * rowsOfAPart);
    }
  }

  /**
   * Takes b, which must stay where it is and as it is until the next call.
   *
   * @param lower address of its lower half; ignored if it has none
   */
  void take(long upper, long lower);

  /**
   * Computes a part.
   *
   * @param a address of the part's first row
   * @param bias address of n values; ignored where none is added
   * @param c address of the part's first row
   */
  void run(int part, long a, long bias, long c);

  @Override
  void close();
}
