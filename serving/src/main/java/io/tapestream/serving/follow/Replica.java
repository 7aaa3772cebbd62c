package io.tapestream.serving.follow;

/** One copy of a model version in memory, for one thread at a time. */
interface Replica extends AutoCloseable {

  /** What one call of the model gave: the outputs row by row, and their shape (rows, …). */
  @SuppressWarnings("ArrayRecordComponent") // handed on, compared by nobody
  record Output(int[] shape, float[] values) {}

  /**
   * Runs the model forward.
   *
   * @param inputs (rows, …input shape), row by row
   * @param rows number of examples
   */
  Output predict(float[] inputs, int rows);

  /** Frees the copy's memory. */
  @Override
  void close();
}
