package io.tapestream.serving.follow;

import java.util.List;

/** How the requests to one version share the processors: each by itself, or in batches. */
interface Turns extends AutoCloseable {

  /**
   * Waits for its turn and runs the model.
   *
   * @throws OverloadedException if the turn does not come in time
   */
  List<NamedValues> predict(ServedModel model, float[] inputs, int rows)
      throws InterruptedException;

  /** Frees what it holds; no request is waiting. */
  @Override
  default void close() {}
}
