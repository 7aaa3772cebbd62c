package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Tensor;

/**
 * The product of the inputs, element by element; Keras's {@code Multiply}. Inputs and output:
 * {@link Merge}.
 */
public final class Multiply extends Merge {

  /** With these settings, which are none. */
  public Multiply(Settings settings) {}

  /** Multiplies. */
  public Multiply() {}

  @Override
  Tensor combine(Tensor merged, Tensor next) {
    return io.tapestream.ops.Multiply.of(merged, next);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return onnx(call, "Mul");
  }
}
