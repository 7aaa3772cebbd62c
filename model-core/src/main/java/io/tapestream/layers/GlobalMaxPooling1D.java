package io.tapestream.layers;

import io.tapestream.ops.Max;
import io.tapestream.tensor.Tensor;

/**
 * The largest value of each channel over a sequence; Keras's {@code GlobalMaxPooling1D}.
 *
 * <p>Input: (batch, steps, channels). Output: (batch, channels), or (batch, 1, channels) with kept
 * axes.
 */
public final class GlobalMaxPooling1D extends GlobalPooling {

  /** With these settings. */
  public GlobalMaxPooling1D(Settings settings) {
    super(settings, "(batch, steps, channels)", 1);
  }

  /** Without kept axes. */
  public GlobalMaxPooling1D() {
    this(new Settings());
  }

  @Override
  Tensor reduce(Tensor x, int... axes) {
    return Max.of(x, axes);
  }

  @Override
  String onnxOp() {
    return "ReduceMax";
  }
}
