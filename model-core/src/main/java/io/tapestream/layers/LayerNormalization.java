package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Ones;
import io.tapestream.initializers.Zeros;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.LayerNorm;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = gamma · (x − μ) / √(σ² + epsilon) + beta}, with the mean and the variance of each row,
 * along the last axis; Keras's {@code LayerNormalization}.
 *
 * <p>Input and output: (batch, …, features). Variables: gamma and beta (features).
 */
public final class LayerNormalization extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param epsilon at least 0, beside the variance
   * @param center whether beta is added
   * @param scale whether gamma multiplies
   * @param betaInitializer beta's first values
   * @param gammaInitializer gamma's first values
   */
  public record Settings(
      double epsilon,
      boolean center,
      boolean scale,
      Initializer betaInitializer,
      Initializer gammaInitializer) {

    /** Keras's defaults. */
    public Settings() {
      this(1e-3);
    }

    /** Centered and scaled. */
    public Settings(double epsilon) {
      this(epsilon, true, true);
    }

    /** Keras's initializers. */
    public Settings(double epsilon, boolean center, boolean scale) {
      this(epsilon, center, scale, new Zeros(), new Ones());
    }

    /** Checks the range stated above. */
    public Settings {
      Sizes.atLeastZero("LayerNormalization", "epsilon", epsilon);
    }
  }

  private final Settings settings;
  private @Nullable Variable gamma;
  private @Nullable Variable beta;

  /** With these settings. */
  public LayerNormalization(Settings settings) {
    this.settings = settings;
  }

  /** Keras's defaults. */
  public LayerNormalization() {
    this(new Settings());
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
    Shape features = Shape.of(input.dim(-1));
    gamma =
        settings.scale() ? builder.parameter("gamma", features, settings.gammaInitializer()) : null;
    beta =
        settings.center() ? builder.parameter("beta", features, settings.betaInitializer()) : null;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return LayerNorm.of(
        x,
        gamma == null ? null : gamma.value(),
        beta == null ? null : beta.value(),
        settings.epsilon());
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    Shape features = Shape.of(call.shape(0).dim(-1));
    List<OnnxValue> given = new ArrayList<>();
    given.add(call.input());
    given.add(gamma == null ? call.filled("ones", features, 1) : call.variable(gamma));
    if (beta != null) {
      given.add(call.variable(beta));
    }
    return call.op("LayerNormalization")
        .integer("axis", -1)
        .number("epsilon", settings.epsilon())
        .of(given);
  }
}
