package io.tapestream.examples;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.HeUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Zeros;
import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Layer;
import io.tapestream.losses.Loss;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Add;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Mean;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Sigmoid;
import io.tapestream.ops.Square;
import io.tapestream.ops.Subtract;
import io.tapestream.ops.Tanh;
import io.tapestream.optimizers.Adam;
import io.tapestream.random.Philox;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.History;
import org.jspecify.annotations.Nullable;

/** A layer and a loss of one's own: a class and a record, used like any other. */
public final class CustomParts {

  /**
   * {@code y = tanh(x·W + b) ∘ σ(x·V)}, a gated layer: (batch, in) to (batch, units). Dauphin, Fan,
   * Auli and Grangier, "Language modeling with gated convolutional networks", 2017.
   */
  public static final class Gated extends Layer {

    /**
     * The settings.
     *
     * @param units the length of the output
     * @param initializer of both kernels
     */
    public record Settings(int units, Initializer initializer) {
      /** He's initialization. */
      public Settings(int units) {
        this(units, new HeUniform());
      }
    }

    private final Settings settings;
    private @Nullable Variable kernel;
    private @Nullable Variable gate;
    private @Nullable Variable bias;

    /** With these settings. */
    public Gated(Settings settings) {
      this.settings = settings;
    }

    @Override
    public Settings settings() {
      return settings;
    }

    @Override
    protected void build(Shape input, Builder builder) {
      if (input.rank() != 1) {
        throw expected("(batch, features)", input);
      }
      Shape kernels = Shape.of(input.dim(0), settings.units());
      kernel = builder.parameter("kernel", kernels, settings.initializer());
      gate = builder.parameter("gate", kernels, settings.initializer());
      bias = builder.parameter("bias", Shape.of(settings.units()), new Zeros());
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      Tensor linear = Add.of(MatMul.of(x, built(kernel).value()), built(bias).value());
      return Multiply.of(Tanh.of(linear), Sigmoid.of(MatMul.of(x, built(gate).value())));
    }
  }

  /**
   * {@code (y − ŷ)² · (1 + asymmetry)} where the prediction is too low, which Keras would write as
   * a function; here smooth: each error counts by {@code 1 + asymmetry · σ(10·(y − ŷ))}.
   *
   * @param asymmetry how much worse it is to predict too little than too much
   */
  public record Underestimation(double asymmetry) implements Loss {
    @Override
    public Tensor perExample(Tensor predictions, Tensor labels) {
      Tensor error = Subtract.of(labels.reshape(predictions.shape()), predictions);
      Tensor tooLow = Sigmoid.of(Scale.of(error, 10));
      Tensor squares = Square.of(error);
      Tensor more = Multiply.of(squares, Scale.of(tooLow, asymmetry));
      return Mean.of(Add.of(squares, more), 1);
    }
  }

  /** Trains, and prints how the loss fell. */
  public static void main(String[] args) {
    System.out.println(run().losses());
  }

  /** Fits {@code sin(3x) · y}. */
  static History run() {
    int n = 512;
    float[] x = new float[2 * n];
    Philox.uniform(Philox.key(1, 0), 0, x, 0, x.length);
    float[] y = new float[n];
    for (int i = 0; i < n; i++) {
      y[i] = (float) Math.sin(3 * x[2 * i]) * x[2 * i + 1];
    }
    Sequential model = Sequential.of(new Gated(new Gated.Settings(32)), new Dense(1));
    model.build(Shape.of(2), 42);
    System.out.println(Specs.toJson(model));
    model.compile(new Adam(0.01), new Underestimation(2));
    return model.fit(
        Batch.of(Tensor.of(x, n, 2), Tensor.of(y, n, 1)), FitOptions.of(64, 20).shuffled(1));
  }

  private CustomParts() {}
}
