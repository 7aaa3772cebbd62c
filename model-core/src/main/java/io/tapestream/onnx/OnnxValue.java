package io.tapestream.onnx;

/**
 * A tensor of an ONNX graph.
 *
 * @param name unique in the graph; empty for an optional input that is not given
 */
public record OnnxValue(String name) {

  /** In place of an optional input. */
  public static final OnnxValue NONE = new OnnxValue("");
}
