package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Tensor;

/**
 * A function of each element (softmax: of each row of the last axis); Keras's {@code Activation}.
 *
 * <p>Input and output: (batch, …).
 */
public final class Activation extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param activation the function
   */
  public record Settings(ActivationFunction activation) {}

  private final Settings settings;

  /** With these settings. */
  public Activation(Settings settings) {
    this.settings = settings;
  }

  /** This function. */
  public Activation(ActivationFunction activation) {
    this(new Settings(activation));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return settings.activation().of(x);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return settings.activation().onnx(call, call.input());
  }
}
