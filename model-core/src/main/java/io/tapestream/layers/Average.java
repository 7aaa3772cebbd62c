package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Scale;
import io.tapestream.tensor.Tensor;

/** The mean of the inputs; Keras's {@code Average}. Inputs and output: {@link Merge}. */
public final class Average extends Merge {

  /** With these settings, which are none. */
  public Average(Settings settings) {}

  /** Averages. */
  public Average() {}

  @Override
  Tensor combine(Tensor merged, Tensor next) {
    return io.tapestream.ops.Add.of(merged, next);
  }

  @Override
  Tensor finish(Tensor merged, int count) {
    return Scale.of(merged, 1.0 / count);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.op("Mean").of(call.inputs());
  }
}
