package io.tapestream.onnx;

import java.util.List;

/**
 * A layer that can say itself as nodes of an ONNX graph, as in inference. It overrides the simplest
 * form that fits it:
 *
 * <pre>{@code
 * public OnnxValue onnx(OnnxCall call) { // y = x · factor
 *   return call.op("Mul").of(call.input(), call.variable(factor));
 * }
 * }</pre>
 *
 * <p>A layer that only calls the layers in it needs no form: their calls are written.
 */
public interface OnnxForm {

  /** Adds the nodes of a call with one output, and returns it. */
  default OnnxValue onnx(OnnxCall call) {
    throw new IllegalStateException(getClass().getName() + " must override one form of onnx");
  }

  /** Adds the nodes of a call, and returns its outputs in their order. */
  default List<OnnxValue> onnxAll(OnnxCall call) {
    return List.of(onnx(call));
  }
}
