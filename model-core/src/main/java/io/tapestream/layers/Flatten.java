package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Reshape;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * Each example as one row, in C order; Keras's {@code Flatten}.
 *
 * <p>Input: (batch, …). Output: (batch, product of the lengths).
 */
public final class Flatten extends Layer implements OnnxForm {

  /** It has no settings. */
  public record Settings() {}

  /** With these settings, which are none. */
  public Flatten(Settings settings) {}

  /** Flattens. */
  public Flatten() {}

  @Override
  public Settings settings() {
    return new Settings();
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return Reshape.of(x, Shape.of(x.dim(0), x.shape().withoutFirst().size()));
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.op("Flatten").integer("axis", 1).of(call.input());
  }
}
