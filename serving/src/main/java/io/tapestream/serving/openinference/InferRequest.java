package io.tapestream.serving.openinference;

import io.tapestream.serving.follow.NamedValues;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client wants inferred.
 *
 * @param id the client's name for the request, given back in the answer
 * @param inputs in the order in which they are sent
 * @param outputs that are wanted; empty for all
 * @param binaryOutput whether outputs that say nothing are to be binary
 */
record InferRequest(
    @Nullable String id, List<NamedValues> inputs, List<Output> outputs, boolean binaryOutput) {

  /**
   * An output that is wanted.
   *
   * @param binary whether as bytes; null as {@link InferRequest#binaryOutput} says
   */
  record Output(String name, @Nullable Boolean binary) {}
}
