package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Add;
import io.tapestream.ops.Clip;
import io.tapestream.ops.Elu;
import io.tapestream.ops.Relu;
import io.tapestream.ops.Scale;
import io.tapestream.tensor.Tensor;

/**
 * x where x > 0, else α(eˣ − 1); Keras's {@code ELU}.
 *
 * <p>Input and output: (batch, …).
 *
 * <p>Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
 * linear units", 2016.
 */
public final class ELU extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param alpha α, what a very negative x comes to, but for its sign
   */
  public record Settings(double alpha) {
    /** An alpha of 1; Keras's default. */
    public Settings() {
      this(1);
    }

    /** Checks that it is finite. */
    public Settings {
      Sizes.finite("ELU", "alpha", alpha);
    }
  }

  private final Settings settings;

  /** With these settings. */
  public ELU(Settings settings) {
    this.settings = settings;
  }

  /** An alpha of 1. */
  public ELU() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return of(x, settings.alpha());
  }

  static Tensor of(Tensor x, double alpha) {
    if (alpha == 1) {
      return Elu.of(x);
    }
    Tensor below = Elu.of(Clip.of(x, Double.NEGATIVE_INFINITY, 0));
    return Add.of(Relu.of(x), Scale.of(below, alpha));
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.eachElement(
        call.input(), x -> call.op("Elu").number("alpha", settings.alpha()).of(x));
  }
}
