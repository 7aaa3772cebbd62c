package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Concat;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/**
 * The inputs side by side along an axis; Keras's {@code Concatenate}.
 *
 * <p>Inputs: at least two, (batch, …), of one shape but for that axis. Output: as long along it as
 * they are together.
 */
public final class Concatenate extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param axis counted with the batch's, which it can't be; from -1 backwards
   */
  public record Settings(int axis) {
    /** The last axis; Keras's default. */
    public Settings() {
      this(-1);
    }

    /** Checks that it is not the batch's. */
    public Settings {
      if (axis == 0) {
        throw new IllegalArgumentException("Concatenate: axis must not be the batch's, 0");
      }
    }
  }

  private final Settings settings;

  /** With these settings. */
  public Concatenate(Settings settings) {
    this.settings = settings;
  }

  /** Along the last axis. */
  public Concatenate() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(List<Shape> inputs, Builder builder) {
    int axis = settings.axis();
    Shape first = inputs.get(0);
    if (inputs.size() < 2) {
      throw expected("of at least two tensors", inputs);
    }
    if (axis > first.rank() || axis < -first.rank()) {
      throw expected("with an axis " + axis + " beside the batch's", inputs);
    }
    int along = axis > 0 ? axis - 1 : axis;
    for (Shape input : inputs) {
      if (input.rank() != first.rank() || !input.with(along, 0).equals(first.with(along, 0))) {
        throw expected("of one shape but for axis " + axis, inputs);
      }
    }
  }

  @Override
  protected Tensor call(List<Tensor> inputs, Context context) {
    return Concat.of(settings.axis(), inputs);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.op("Concat").integer("axis", settings.axis()).of(call.inputs());
  }
}
