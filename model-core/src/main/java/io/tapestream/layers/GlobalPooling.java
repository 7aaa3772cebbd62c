package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Reshape;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/** One number per channel of an example, from all its places. */
public abstract class GlobalPooling extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param keepDims whether the reduced axes stay, with length 1
   */
  public record Settings(boolean keepDims) {
    /** Without them; Keras's default. */
    public Settings() {
      this(false);
    }
  }

  private final Settings settings;
  private final String wanted;
  private final int[] axes;

  GlobalPooling(Settings settings, String wanted, int... axes) {
    this.settings = settings;
    this.wanted = wanted;
    this.axes = axes;
  }

  @Override
  public final Settings settings() {
    return settings;
  }

  @Override
  protected final void build(Shape input, Builder builder) {
    boolean places = input.rank() == axes.length + 1;
    for (int axis = 0; axis < axes.length && places; axis++) {
      places = input.dim(axis) > 0;
    }
    if (!places) {
      throw expected(wanted + " with at least one place", input);
    }
  }

  @Override
  protected final Tensor call(Tensor x, Context context) {
    Tensor y = reduce(x, axes);
    if (!settings.keepDims()) {
      return y;
    }
    Shape kept = x.shape();
    for (int axis : axes) {
      kept = kept.with(axis, 1);
    }
    return Reshape.of(y, kept);
  }

  /** Reduces these axes of (batch, …, channels). */
  abstract Tensor reduce(Tensor x, int... reduced);

  /** ONNX's operator of the same meaning. */
  abstract String onnxOp();

  @Override
  public final OnnxValue onnx(OnnxCall call) {
    return call.op(onnxOp())
        .integers("axes", axes)
        .integer("keepdims", settings.keepDims() ? 1 : 0)
        .of(call.input());
  }
}
