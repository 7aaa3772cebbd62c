package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Tensor;

/**
 * The largest of the inputs, element by element; Keras's {@code Maximum}. A gradient goes to the
 * input that is larger, shared equally between equals. Inputs and output: {@link Merge}.
 */
public final class Maximum extends Merge {

  /** With these settings, which are none. */
  public Maximum(Settings settings) {}

  /** Takes the largest. */
  public Maximum() {}

  @Override
  Tensor combine(Tensor merged, Tensor next) {
    return io.tapestream.ops.Maximum.of(merged, next);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return onnx(call, "Max");
  }
}
