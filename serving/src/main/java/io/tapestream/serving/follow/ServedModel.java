package io.tapestream.serving.follow;

import java.util.List;

/** A model version in memory; threads may share it. */
interface ServedModel extends AutoCloseable {

  /** Its outputs. */
  List<TensorSpec> outputs();

  /**
   * Runs the model forward.
   *
   * @param inputs (rows, …input shape), row by row
   * @param rows number of examples
   * @return for each output in order, its values
   * @throws IllegalArgumentException if the model refuses an input, such as an id that its table
   *     lacks
   */
  List<NamedValues> predict(float[] inputs, int rows);

  /** Frees its memory; no thread may be using it. */
  @Override
  void close();
}
