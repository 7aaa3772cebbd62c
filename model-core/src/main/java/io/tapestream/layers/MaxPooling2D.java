package io.tapestream.layers;

import io.tapestream.ops.MaxPool2d;
import io.tapestream.tensor.Tensor;

/**
 * The largest element under each window; Keras's {@code MaxPooling2D}.
 *
 * <p>Input: (batch, height, width, channels). Output: (batch, output height, output width,
 * channels).
 */
public final class MaxPooling2D extends Pooling2D {

  /** With these settings. */
  public MaxPooling2D(Settings settings) {
    super(settings);
  }

  /** Square windows side by side, no border. */
  public MaxPooling2D(int poolSize) {
    this(new Settings(Size2D.square(poolSize)));
  }

  /** Windows of 2×2 side by side, no border. */
  public MaxPooling2D() {
    this(new Settings());
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Size2D size = settings().poolSize();
    Size2D strides = settings().strides();
    return MaxPool2d.of(
        x, size.height(), size.width(), strides.height(), strides.width(), settings().padding());
  }

  @Override
  String onnxOp() {
    return "MaxPool";
  }
}
