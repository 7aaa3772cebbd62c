package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Transpose;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;

/**
 * eˣ / Σ eˣ along an axis; Keras's {@code Softmax}.
 *
 * <p>Input and output: (batch, …).
 */
public final class Softmax extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param axis along which the outputs sum to 1, counted with the batch's, which it can't be; from
   *     -1 backwards
   */
  public record Settings(int axis) {
    /** The last axis; Keras's default. */
    public Settings() {
      this(-1);
    }

    /** Checks that it is not the batch's. */
    public Settings {
      if (axis == 0) {
        throw new IllegalArgumentException("Softmax: axis must not be the batch's, 0");
      }
    }
  }

  private final Settings settings;

  /** With these settings. */
  public Softmax(Settings settings) {
    this.settings = settings;
  }

  /** Along the last axis. */
  public Softmax() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(Shape input, Builder builder) {
    int axis = settings.axis();
    if (axis > input.rank() || axis < -input.rank()) {
      throw expected("with an axis " + axis + " beside the batch's", input);
    }
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    int last = x.rank() - 1;
    int axis = x.shape().axis(settings.axis());
    if (axis == last) {
      return io.tapestream.ops.Softmax.of(x);
    }
    int[] swapped = new int[x.rank()];
    for (int i = 0; i < swapped.length; i++) {
      swapped[i] = i == axis ? last : i == last ? axis : i;
    }
    return Transpose.of(io.tapestream.ops.Softmax.of(Transpose.of(x, swapped)), swapped);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.op("Softmax").integer("axis", settings.axis()).of(call.input());
  }
}
