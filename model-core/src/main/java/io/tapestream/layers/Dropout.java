package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.DropoutOp;
import io.tapestream.tensor.Tensor;

/**
 * In training, sets a share of the elements to zero and scales the others by 1 / (1 − rate); else
 * passes its input; Keras's {@code Dropout}. Which elements depends on seed, virtual worker, step,
 * layer and position alone.
 *
 * <p>Input and output: (batch, …).
 *
 * <p>Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent
 * neural networks from overfitting", 2014.
 */
public final class Dropout extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param rate the share that is dropped, in [0, 1)
   */
  public record Settings(double rate) {
    /** Checks the range stated above. */
    public Settings {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException("Dropout: rate must lie in [0, 1), got " + rate);
      }
    }
  }

  private final Settings settings;

  /** With these settings. */
  public Dropout(Settings settings) {
    this.settings = settings;
  }

  /** Drops this share. */
  public Dropout(double rate) {
    this(new Settings(rate));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    if (!context.training() || settings.rate() == 0) {
      return x;
    }
    return DropoutOp.of(x, settings.rate(), context.key(index()), context.firstRow());
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.input();
  }
}
