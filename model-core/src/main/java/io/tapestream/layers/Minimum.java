package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Tensor;

/**
 * The smallest of the inputs, element by element; Keras's {@code Minimum}. A gradient goes to the
 * input that is smaller, shared equally between equals. Inputs and output: {@link Merge}.
 */
public final class Minimum extends Merge {

  /** With these settings, which are none. */
  public Minimum(Settings settings) {}

  /** Takes the smallest. */
  public Minimum() {}

  @Override
  Tensor combine(Tensor merged, Tensor next) {
    return io.tapestream.ops.Minimum.of(merged, next);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return onnx(call, "Min");
  }
}
