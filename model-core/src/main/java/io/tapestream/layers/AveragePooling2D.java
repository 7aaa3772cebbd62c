package io.tapestream.layers;

import io.tapestream.ops.AveragePool2d;
import io.tapestream.tensor.Tensor;

/**
 * The mean of the elements that lie in the image under each window; Keras's {@code
 * AveragePooling2D}.
 *
 * <p>Input: (batch, height, width, channels). Output: (batch, output height, output width,
 * channels).
 */
public final class AveragePooling2D extends Pooling2D {

  /** With these settings. */
  public AveragePooling2D(Settings settings) {
    super(settings);
  }

  /** Square windows side by side, no border. */
  public AveragePooling2D(int poolSize) {
    this(new Settings(Size2D.square(poolSize)));
  }

  /** Windows of 2×2 side by side, no border. */
  public AveragePooling2D() {
    this(new Settings());
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Size2D size = settings().poolSize();
    Size2D strides = settings().strides();
    return AveragePool2d.of(
        x, size.height(), size.width(), strides.height(), strides.width(), settings().padding());
  }

  @Override
  String onnxOp() {
    return "AveragePool";
  }
}
