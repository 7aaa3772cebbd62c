package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Zeros;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Affine;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Reshape;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = activation(x · kernel + bias)} along the last axis; Keras's {@code Dense}.
 *
 * <p>Input: (batch, …, in). Output: (batch, …, units). Variables: kernel (in, units), bias (units).
 */
public final class Dense extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param units the length of the output's last axis
   * @param activation of the outputs
   * @param useBias whether a bias is added
   * @param kernelInitializer the kernel's first values
   * @param biasInitializer the bias's first values
   */
  public record Settings(
      int units,
      ActivationFunction activation,
      boolean useBias,
      Initializer kernelInitializer,
      Initializer biasInitializer) {

    /** Linear, with a bias; Keras's defaults. */
    public Settings(int units) {
      this(units, ActivationFunction.LINEAR, true, new GlorotUniform(), new Zeros());
    }

    /** The same with this activation. */
    public Settings withActivation(ActivationFunction newActivation) {
      return new Settings(units, newActivation, useBias, kernelInitializer, biasInitializer);
    }

    /** Checks that there are units. */
    public Settings {
      Sizes.positive("Dense", "units", units);
    }
  }

  private final Settings settings;
  private @Nullable Variable kernel;
  private @Nullable Variable bias;

  /** With these settings. */
  public Dense(Settings settings) {
    this.settings = settings;
  }

  /** Linear units. */
  public Dense(int units) {
    this(new Settings(units));
  }

  /** Units with an activation. */
  public Dense(int units, ActivationFunction activation) {
    this(new Settings(units).withActivation(activation));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(Shape input, Builder builder) {
    if (input.rank() == 0) {
      throw expected("(batch, …, features)", input);
    }
    kernel =
        builder.parameter(
            "kernel", Shape.of(input.dim(-1), settings.units()), settings.kernelInitializer());
    bias =
        settings.useBias()
            ? builder.parameter("bias", Shape.of(settings.units()), settings.biasInitializer())
            : null;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    if (x.rank() == 2) {
      return rows(x);
    }
    Tensor y = rows(Reshape.of(x, Shape.of(x.shape().with(-1, 1).size(), x.dim(-1))));
    return Reshape.of(y, x.shape().with(-1, settings.units()));
  }

  /** (n, in) → (n, units). */
  private Tensor rows(Tensor x) {
    ActivationFunction activation = settings.activation();
    Tensor w = built(kernel).value();
    return bias == null
        ? activation.of(MatMul.of(x, w))
        : activation.afterFused(Affine.of(x, w, bias.value(), activation.fused()));
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    OnnxValue y = call.op("MatMul").of(call.input(), call.variable(built(kernel)));
    if (bias != null) {
      y = call.op("Add").of(y, call.variable(bias));
    }
    return settings.activation().onnx(call, y);
  }
}
