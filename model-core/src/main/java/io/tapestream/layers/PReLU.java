package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Zeros;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Add;
import io.tapestream.ops.Clip;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Relu;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * x where x > 0, else alpha · x with an alpha that is learned for each place; Keras's {@code
 * PReLU}.
 *
 * <p>Input and output: (batch, …). Variable: alpha (…), of length 1 along shared axes.
 *
 * <p>He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
 */
public final class PReLU extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param alphaInitializer alpha's first values
   * @param sharedAxes axes along which places share an alpha, such as [1, 2] for the pixels of an
   *     image; the batch's axis, 0, is none
   */
  public record Settings(Initializer alphaInitializer, List<Integer> sharedAxes) {
    /** Zeros, an alpha for each place; Keras's defaults. */
    public Settings() {
      this(new Zeros(), List.of());
    }

    /** Keeps a copy. */
    public Settings {
      sharedAxes = List.copyOf(sharedAxes);
    }
  }

  private final Settings settings;
  private @Nullable Variable alpha;

  /** With these settings. */
  public PReLU(Settings settings) {
    this.settings = settings;
  }

  /** Zeros, an alpha for each place. */
  public PReLU() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(Shape input, Builder builder) {
    Shape shape = input;
    for (int axis : settings.sharedAxes()) {
      if (axis < 1 || axis > input.rank()) {
        throw expected("with an axis " + axis + " beside the batch's to share", input);
      }
      shape = shape.with(axis - 1, 1);
    }
    alpha = builder.parameter("alpha", shape, settings.alphaInitializer());
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Tensor below = Clip.of(x, Double.NEGATIVE_INFINITY, 0);
    return Add.of(Relu.of(x), Multiply.of(below, built(alpha).value()));
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    return call.op("PRelu").of(call.input(), call.variable(built(alpha)));
  }
}
