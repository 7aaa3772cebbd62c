package io.tapestream.layers;

import io.tapestream.backend.Padding;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxOp;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Shape;

/**
 * One number per window and channel.
 *
 * <p>Input: (batch, height, width, channels). Output: (batch, output height, output width,
 * channels).
 */
public abstract class Pooling2D extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param poolSize the window
   * @param strides from one window to the next
   * @param padding what happens at the border
   */
  public record Settings(Size2D poolSize, Size2D strides, Padding padding) {

    /** Windows of 2×2 side by side, no border; Keras's defaults. */
    public Settings() {
      this(Size2D.square(2));
    }

    /** Windows side by side, no border; Keras's defaults. */
    public Settings(Size2D poolSize) {
      this(poolSize, poolSize, Padding.VALID);
    }
  }

  private final Settings settings;

  Pooling2D(Settings settings) {
    this.settings = settings;
  }

  @Override
  public final Settings settings() {
    return settings;
  }

  @Override
  protected final void build(Shape input, Builder builder) {
    if (input.rank() != 3) {
      throw expected("(batch, height, width, channels)", input);
    }
    if (!Sizes.fits(input, settings.poolSize(), settings.strides(), settings.padding())) {
      throw expected("of at least its window, " + settings.poolSize(), input);
    }
  }

  /** ONNX's operator of the same meaning. */
  abstract String onnxOp();

  @Override
  public final OnnxValue onnx(OnnxCall call) {
    OnnxOp pool = call.op(onnxOp());
    Size2D size = settings.poolSize();
    pool.integers("kernel_shape", size.height(), size.width());
    Sizes.window(call.shape(0), size, settings.strides(), settings.padding(), pool);
    return call.channelsLast(pool.of(call.channelsFirst(call.input(), 4)), 4);
  }
}
