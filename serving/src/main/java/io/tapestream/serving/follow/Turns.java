package io.tapestream.serving.follow;

import java.util.List;

/** How the requests to one version share the processors: each by itself, or in batches. */
interface Turns {

  /**
   * Waits for its turn and runs the model.
   *
   * @throws OverloadedException if the turn does not come in time
   */
  List<NamedValues> predict(ServedModel model, float[] inputs, int rows)
      throws InterruptedException;

  /**
   * Ends, and closes the model once nothing computes with it any more, which may be later. No
   * request is waiting.
   */
  void close(ServedModel model);
}
