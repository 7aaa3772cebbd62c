package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Rectify;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * maxValue where x ≥ maxValue, else x where x ≥ threshold, else negativeSlope · (x − threshold);
 * Keras's {@code ReLU}.
 *
 * <p>Input and output: (batch, …).
 */
public final class ReLU extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param maxValue the largest output, at least the threshold; null for none
   * @param negativeSlope below the threshold, at least 0
   * @param threshold from which x passes, at least 0
   */
  public record Settings(@Nullable Double maxValue, double negativeSlope, double threshold) {
    /** max(x, 0); Keras's defaults. */
    public Settings() {
      this(null, 0, 0);
    }

    /** Checks the ranges stated above. */
    public Settings {
      Sizes.atLeastZero("ReLU", "negativeSlope", negativeSlope);
      Sizes.atLeastZero("ReLU", "threshold", threshold);
      if (maxValue != null && !(maxValue >= threshold)) {
        throw new IllegalArgumentException(
            "ReLU: maxValue must be at least the threshold, " + threshold + ", got " + maxValue);
      }
    }
  }

  private final Settings settings;

  /** With these settings. */
  public ReLU(Settings settings) {
    this.settings = settings;
  }

  /** max(x, 0). */
  public ReLU() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Double most = settings.maxValue();
    return Rectify.of(
        x,
        settings.negativeSlope(),
        settings.threshold(),
        most == null ? Double.POSITIVE_INFINITY : most);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.eachElement(call.input(), x -> rectified(x, call));
  }

  private OnnxValue rectified(OnnxValue x, OnnxCall call) {
    Double most = settings.maxValue();
    if (settings.equals(new Settings())) {
      return call.op("Relu").of(x);
    }
    OnnxValue threshold = call.scalar("threshold", settings.threshold());
    OnnxValue above = most == null ? x : call.op("Min").of(x, call.scalar("max_value", most));
    OnnxValue below =
        call.op("Mul")
            .of(
                call.op("Sub").of(x, threshold),
                call.scalar("negative_slope", settings.negativeSlope()));
    return call.op("Where").of(call.op("GreaterOrEqual").of(x, threshold), above, below);
  }
}
