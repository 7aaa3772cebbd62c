package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Padding;
import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Zeros;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxOp;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Conv2d;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = activation(x ⋆ kernel + bias)}, a cross-correlation over height and width; Keras's
 * {@code Conv2D}.
 *
 * <p>Input: (batch, height, width, channels). Output: (batch, output height, output width,
 * filters). Variables: kernel (kernel height, kernel width, channels, filters), bias (filters).
 */
public final class Conv2D extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param filters the number of output channels
   * @param kernelSize the window
   * @param strides from one window to the next
   * @param padding what happens at the border
   * @param activation of the outputs
   * @param useBias whether a bias is added
   * @param kernelInitializer the kernel's first values
   * @param biasInitializer the bias's first values
   */
  public record Settings(
      int filters,
      Size2D kernelSize,
      Size2D strides,
      Padding padding,
      ActivationFunction activation,
      boolean useBias,
      Initializer kernelInitializer,
      Initializer biasInitializer) {

    /** Strides of one, no border, linear, with a bias; Keras's defaults. */
    public Settings(int filters, Size2D kernelSize) {
      this(filters, kernelSize, Padding.VALID, ActivationFunction.LINEAR);
    }

    /** Strides of one, with a bias; Keras's defaults. */
    public Settings(
        int filters, Size2D kernelSize, Padding padding, ActivationFunction activation) {
      this(
          filters,
          kernelSize,
          Size2D.square(1),
          padding,
          activation,
          true,
          new GlorotUniform(),
          new Zeros());
    }

    /** Checks that there are filters. */
    public Settings {
      Sizes.positive("Conv2D", "filters", filters);
    }
  }

  private final Settings settings;
  private @Nullable Variable kernel;
  private @Nullable Variable bias;

  /** With these settings. */
  public Conv2D(Settings settings) {
    this.settings = settings;
  }

  /** A square window, no border. */
  public Conv2D(int filters, int kernelSize, ActivationFunction activation) {
    this(filters, kernelSize, Padding.VALID, activation);
  }

  /** A square window. */
  public Conv2D(int filters, int kernelSize, Padding padding, ActivationFunction activation) {
    this(new Settings(filters, Size2D.square(kernelSize), padding, activation));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(Shape input, Builder builder) {
    if (input.rank() != 3) {
      throw expected("(batch, height, width, channels)", input);
    }
    if (input.dim(2) == 0) {
      throw expected("with at least one channel", input);
    }
    Size2D size = settings.kernelSize();
    if (!Sizes.fits(input, size, settings.strides(), settings.padding())) {
      throw expected("of at least its window, " + size, input);
    }
    kernel =
        builder.parameter(
            "kernel",
            Shape.of(size.height(), size.width(), input.dim(2), settings.filters()),
            settings.kernelInitializer());
    bias =
        settings.useBias()
            ? builder.parameter("bias", Shape.of(settings.filters()), settings.biasInitializer())
            : null;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Size2D strides = settings.strides();
    ActivationFunction activation = settings.activation();
    Tensor y =
        Conv2d.of(
            x,
            built(kernel).value(),
            bias == null ? null : bias.value(),
            activation.fused(),
            strides.height(),
            strides.width(),
            settings.padding());
    return activation.afterFused(y);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    OnnxOp convolution = call.op("Conv");
    Size2D size = settings.kernelSize();
    Sizes.window(call.shape(0), size, settings.strides(), settings.padding(), convolution);
    List<OnnxValue> given = new ArrayList<>();
    given.add(call.channelsFirst(call.input(), 4));
    given.add(onnxKernel(call, call.shape(0).dim(-1)));
    if (bias != null) {
      given.add(call.variable(bias));
    }
    return settings.activation().onnx(call, call.channelsLast(convolution.of(given), 4));
  }

  /** The kernel as ONNX has it, (filters, channels, height, width). */
  private OnnxValue onnxKernel(OnnxCall call, int channels) {
    int filters = settings.filters();
    int places = settings.kernelSize().height() * settings.kernelSize().width();
    float[] ours = built(kernel).value().toFloats();
    float[] theirs = new float[ours.length];
    for (int place = 0; place < places; place++) {
      for (int channel = 0; channel < channels; channel++) {
        for (int filter = 0; filter < filters; filter++) {
          theirs[(filter * channels + channel) * places + place] =
              ours[(place * channels + channel) * filters + filter];
        }
      }
    }
    Size2D size = settings.kernelSize();
    return call.constant(
        "kernel_filters_first", Shape.of(filters, channels, size.height(), size.width()), theirs);
  }
}
