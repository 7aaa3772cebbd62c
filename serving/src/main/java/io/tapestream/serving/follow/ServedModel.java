package io.tapestream.serving.follow;

/** A model version in memory; threads may share it. */
interface ServedModel extends AutoCloseable {

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

  /** Frees its memory; no thread may be using it. */
  @Override
  void close();
}
