package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.util.List;

/**
 * What a model answered to one request.
 *
 * @param version the version that answered
 * @param outputs each with one row for each example, in the request's order
 */
public record Predictions(Manifest version, List<NamedValues> outputs) {

  /** Keeps an immutable copy. */
  public Predictions {
    outputs = List.copyOf(outputs);
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("a model has at least one output");
    }
  }

  /** Number of examples answered. */
  public int rows() {
    return outputs.get(0).rows();
  }

  /**
   * Shape (rows, …) of the only output.
   *
   * @throws IllegalStateException if there are several
   */
  public List<Integer> shape() {
    return only().shape();
  }

  /**
   * The only output, row by row.
   *
   * @throws IllegalStateException if there are several
   */
  public float[] values() {
    return only().values();
  }

  private NamedValues only() {
    if (outputs.size() != 1) {
      throw new IllegalStateException(
          "the model has " + outputs.size() + " outputs; ask for all of them");
    }
    return outputs.get(0);
  }
}
