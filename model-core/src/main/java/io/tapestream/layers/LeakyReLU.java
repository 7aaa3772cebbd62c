package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Rectify;
import io.tapestream.tensor.Tensor;

/**
 * x where x > 0, else negativeSlope · x; Keras's {@code LeakyReLU}.
 *
 * <p>Input and output: (batch, …).
 */
public final class LeakyReLU extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param negativeSlope at least 0
   */
  public record Settings(double negativeSlope) {
    /** A slope of 0.3; Keras's default. */
    public Settings() {
      this(0.3);
    }

    /** Checks the range stated above. */
    public Settings {
      Sizes.atLeastZero("LeakyReLU", "negativeSlope", negativeSlope);
    }
  }

  private final Settings settings;

  /** With these settings. */
  public LeakyReLU(Settings settings) {
    this.settings = settings;
  }

  /** This slope below 0. */
  public LeakyReLU(double negativeSlope) {
    this(new Settings(negativeSlope));
  }

  /** A slope of 0.3 below 0. */
  public LeakyReLU() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return Rectify.of(x, settings.negativeSlope(), 0, Double.POSITIVE_INFINITY);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.eachElement(
        call.input(), x -> call.op("LeakyRelu").number("alpha", settings.negativeSlope()).of(x));
  }
}
