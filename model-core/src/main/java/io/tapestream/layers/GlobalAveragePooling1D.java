package io.tapestream.layers;

import io.tapestream.ops.Mean;
import io.tapestream.tensor.Tensor;

/**
 * The mean of each channel over a sequence; Keras's {@code GlobalAveragePooling1D}.
 *
 * <p>Input: (batch, steps, channels). Output: (batch, channels), or (batch, 1, channels) with kept
 * axes.
 */
public final class GlobalAveragePooling1D extends GlobalPooling {

  /** With these settings. */
  public GlobalAveragePooling1D(Settings settings) {
    super(settings, "(batch, steps, channels)", 1);
  }

  /** Without kept axes. */
  public GlobalAveragePooling1D() {
    this(new Settings());
  }

  @Override
  Tensor reduce(Tensor x, int... axes) {
    return Mean.of(x, axes);
  }

  @Override
  String onnxOp() {
    return "ReduceMean";
  }
}
