package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/**
 * The first of two inputs less the second; Keras's {@code Subtract}. Inputs and output: {@link
 * Merge}.
 */
public final class Subtract extends Merge {

  /** With these settings, which are none. */
  public Subtract(Settings settings) {}

  /** Subtracts. */
  public Subtract() {}

  @Override
  protected void build(List<Shape> inputs, Builder builder) {
    if (inputs.size() != 2) {
      throw expected("of two tensors", inputs);
    }
    super.build(inputs, builder);
  }

  @Override
  Tensor combine(Tensor merged, Tensor next) {
    return io.tapestream.ops.Subtract.of(merged, next);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return onnx(call, "Sub");
  }
}
