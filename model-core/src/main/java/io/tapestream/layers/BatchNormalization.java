package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Ones;
import io.tapestream.initializers.Zeros;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.BatchNorm;
import io.tapestream.ops.Normalize;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = gamma · (x − μ) / √(σ² + epsilon) + beta} for each channel, the last axis; Keras's
 * {@code BatchNormalization}. In training μ and σ² are the batch's, and the moving ones follow: m ←
 * momentum · m + (1 − momentum) · batch. In inference, and while the layer is frozen, they are the
 * moving ones.
 *
 * <p>Input and output: (batch, …, channels). Variables: gamma and beta (channels); statistics:
 * moving_mean and moving_variance (channels).
 *
 * <p>It couples the examples of a batch, so a model with it is stepped in one piece. On several
 * virtual workers each normalizes by its own batch, and the moving statistics are the mean of what
 * they propose.
 */
public final class BatchNormalization extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param momentum what the moving statistics keep in a step, in [0, 1]
   * @param epsilon at least 0, beside the variance
   * @param center whether beta is added
   * @param scale whether gamma multiplies
   * @param betaInitializer beta's first values
   * @param gammaInitializer gamma's first values
   * @param movingMeanInitializer the moving mean's first values
   * @param movingVarianceInitializer the moving variance's first values
   */
  public record Settings(
      double momentum,
      double epsilon,
      boolean center,
      boolean scale,
      Initializer betaInitializer,
      Initializer gammaInitializer,
      Initializer movingMeanInitializer,
      Initializer movingVarianceInitializer) {

    /** Keras's defaults. */
    public Settings() {
      this(0.99, 1e-3);
    }

    /** Centered and scaled. */
    public Settings(double momentum, double epsilon) {
      this(momentum, epsilon, true, true);
    }

    /** Keras's initializers. */
    public Settings(double momentum, double epsilon, boolean center, boolean scale) {
      this(momentum, epsilon, center, scale, new Zeros(), new Ones(), new Zeros(), new Ones());
    }

    /** Checks the ranges stated above. */
    public Settings {
      if (!(momentum >= 0 && momentum <= 1)) {
        throw new IllegalArgumentException(
            "BatchNormalization: momentum must lie in [0, 1], got " + momentum);
      }
      Sizes.atLeastZero("BatchNormalization", "epsilon", epsilon);
    }
  }

  private final Settings settings;
  private @Nullable Variable gamma;
  private @Nullable Variable beta;
  private @Nullable Variable movingMean;
  private @Nullable Variable movingVariance;

  /** With these settings. */
  public BatchNormalization(Settings settings) {
    this.settings = settings;
  }

  /** Keras's defaults. */
  public BatchNormalization() {
    this(new Settings());
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  public boolean couplesExamples() {
    return trainable();
  }

  @Override
  protected void build(Shape input, Builder builder) {
    if (input.rank() == 0) {
      throw expected("(batch, …, channels)", input);
    }
    Shape channels = Shape.of(input.dim(-1));
    gamma =
        settings.scale() ? builder.parameter("gamma", channels, settings.gammaInitializer()) : null;
    beta =
        settings.center() ? builder.parameter("beta", channels, settings.betaInitializer()) : null;
    movingMean = builder.statistic("moving_mean", channels, settings.movingMeanInitializer());
    movingVariance =
        builder.statistic("moving_variance", channels, settings.movingVarianceInitializer());
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Tensor factor = gamma == null ? null : gamma.value();
    Tensor shift = beta == null ? null : beta.value();
    Variable meanSoFar = built(movingMean);
    Variable varianceSoFar = built(movingVariance);
    if (!context.training() || !trainable()) {
      return Normalize.of(
          x, meanSoFar.value(), varianceSoFar.value(), factor, shift, settings.epsilon());
    }
    Tensor mean = Tensor.allocate(x.dtype(), meanSoFar.value().shape());
    Tensor variance = Tensor.allocate(x.dtype(), mean.shape());
    Tensor y = BatchNorm.of(x, factor, shift, settings.epsilon(), mean, variance);
    if (x.size() > 0) {
      move(context.moving(meanSoFar), mean);
      move(context.moving(varianceSoFar), variance);
    }
    return y;
  }

  private void move(Tensor statistic, Tensor batch) {
    Backend backend = Backends.of(statistic.dtype());
    backend.scale(settings.momentum(), statistic, statistic, false);
    backend.scale(1 - settings.momentum(), batch, statistic, true);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    int rank = call.shape(0).rank() + 1;
    Shape channels = Shape.of(call.shape(0).dim(-1));
    OnnxValue y =
        call.op("BatchNormalization")
            .number("epsilon", settings.epsilon())
            .of(
                call.channelsFirst(call.input(), rank),
                gamma == null ? call.filled("ones", channels, 1) : call.variable(gamma),
                beta == null ? call.filled("zeros", channels, 0) : call.variable(beta),
                call.variable(built(movingMean)),
                call.variable(built(movingVariance)));
    return call.channelsLast(y, rank);
  }
}
