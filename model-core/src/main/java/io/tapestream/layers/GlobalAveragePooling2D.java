package io.tapestream.layers;

import io.tapestream.ops.Mean;
import io.tapestream.tensor.Tensor;

/**
 * The mean of each channel over an image; Keras's {@code GlobalAveragePooling2D}.
 *
 * <p>Input: (batch, height, width, channels). Output: (batch, channels), or (batch, 1, 1, channels)
 * with kept axes.
 */
public final class GlobalAveragePooling2D extends GlobalPooling {

  /** With these settings. */
  public GlobalAveragePooling2D(Settings settings) {
    super(settings, "(batch, height, width, channels)", 1, 2);
  }

  /** Without kept axes. */
  public GlobalAveragePooling2D() {
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
