package io.tapestream.layers;

import io.tapestream.ops.Max;
import io.tapestream.tensor.Tensor;

/**
 * The largest value of each channel over an image; Keras's {@code GlobalMaxPooling2D}.
 *
 * <p>Input: (batch, height, width, channels). Output: (batch, channels), or (batch, 1, 1, channels)
 * with kept axes.
 */
public final class GlobalMaxPooling2D extends GlobalPooling {

  /** With these settings. */
  public GlobalMaxPooling2D(Settings settings) {
    super(settings, "(batch, height, width, channels)", 1, 2);
  }

  /** Without kept axes. */
  public GlobalMaxPooling2D() {
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
