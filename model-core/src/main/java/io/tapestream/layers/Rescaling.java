package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Scale;
import io.tapestream.tensor.Tensor;

/**
 * {@code y = scale · x + offset}; Keras's {@code Rescaling}, in training and inference alike. As a
 * model's first layer it is published with the model, so that serving can't prepare its input in
 * another way than training.
 *
 * <p>Input and output: (batch, …).
 */
public final class Rescaling extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param scale finite, 1/255 for example brings the bytes of an image to 0 … 1
   * @param offset finite
   */
  public record Settings(double scale, double offset) {
    /** Without an offset. */
    public Settings(double scale) {
      this(scale, 0);
    }

    /** Checks that both are finite. */
    public Settings {
      if (!Double.isFinite(scale) || !Double.isFinite(offset)) {
        throw new IllegalArgumentException(
            "Rescaling: scale and offset must be finite, got " + scale + " and " + offset);
      }
    }
  }

  private final Settings settings;

  /** With these settings. */
  public Rescaling(Settings settings) {
    this.settings = settings;
  }

  /** Without an offset. */
  public Rescaling(double scale) {
    this(new Settings(scale));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return Scale.of(x, settings.scale(), settings.offset());
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    OnnxValue scaled = call.op("Mul").of(call.input(), call.scalar("scale", settings.scale()));
    return call.op("Add").of(scaled, call.scalar("offset", settings.offset()));
  }
}
