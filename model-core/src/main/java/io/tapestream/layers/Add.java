package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Tensor;

/** The sum of the inputs; Keras's {@code Add}. Inputs and output: {@link Merge}. */
public final class Add extends Merge {

  /** With these settings, which are none. */
  public Add(Settings settings) {}

  /** Adds. */
  public Add() {}

  @Override
  Tensor combine(Tensor merged, Tensor next) {
    return io.tapestream.ops.Add.of(merged, next);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return onnx(call, "Add");
  }
}
