package io.tapestream.models;

import io.tapestream.layers.Layer;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.Fit;
import io.tapestream.training.FitOptions;
import io.tapestream.training.History;
import io.tapestream.training.Scores;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Layers put together. Write one by subclassing:
 *
 * <pre>{@code
 * public final class Perceptron extends Model {
 *   private final Dense hidden = new Dense(128, RELU);
 *   private final Dense output = new Dense(10);
 *
 *   protected Tensor call(Tensor x, Context context) {
 *     return output.apply(hidden.apply(x, context), context);
 *   }
 * }
 *
 * Model model = new Perceptron();
 * model.build(Shape.of(784), 42);
 * model.compile(new Adam(), new SparseCategoricalCrossEntropy(true), new Accuracy());
 * model.fit(training, FitOptions.of(32, 5));
 * }</pre>
 *
 * <p>or, for a chain, with {@link Sequential}. Fields that hold a layer, an array or a collection
 * of layers are found by themselves and named after the field; their parameters lie in {@link
 * #parameters} in the order in which the layers were constructed. {@code call} may use any op,
 * branch and loop, as long as each layer that it ever calls is called for the zeros that {@code
 * build} tries.
 *
 * <p>A model that is to be named in a specification has a public constructor without arguments, or
 * overrides {@link #settings()} and has one that takes that record.
 *
 * <p>Threads may share a model to predict; training and loading parameters need it alone.
 */
public abstract class Model extends Layer implements AutoCloseable {

  /** The settings of a model that has none. */
  public record None() {}

  private @Nullable Built built;
  private @Nullable Fit fit;

  @Override
  public Record settings() {
    return new None();
  }

  /** The layers directly in this model by name, in the order of their construction. */
  protected Map<String, Layer> children() {
    return LayerFields.of(this);
  }

  /**
   * Finds shapes, and makes and initializes the parameters.
   *
   * @param input the shape of one example, without the batch axis
   * @param seed of the initial values: the same seed gives the same bits
   * @throws IllegalArgumentException if the layers don't fit, naming the layer, what it expects and
   *     what it got
   */
  public void build(Shape input, long seed) {
    build(input, seed, DType.FLOAT32);
  }

  /**
   * As {@link #build(Shape, long)}, in another floating type; FLOAT64 is for checking gradients.
   */
  public void build(Shape input, long seed, DType dtype) {
    built = ModelBuilder.build(this, input, seed, dtype);
    fit = null;
  }

  /** The shape of one example. */
  public Shape inputShape() {
    return requireBuilt().input();
  }

  /** The shape of one example's prediction. */
  public Shape outputShape() {
    return requireBuilt().output();
  }

  /** The parameters. */
  public ParameterVector parameters() {
    return requireBuilt().parameters();
  }

  /** Says how {@link #fit} trains; the optimizer starts anew. */
  public void compile(Optimizer optimizer, Loss loss, Metric... metrics) {
    requireBuilt();
    fit = new Fit(this, optimizer, loss, List.of(metrics));
  }

  /** Trains on data that lies in memory. */
  public History fit(Batch data, FitOptions options) {
    return requireCompiled().run(data, options);
  }

  /** Trains on batches as they come; the iterable is asked for an iterator once per epoch. */
  public History fit(Iterable<Batch> batches, FitOptions options) {
    return requireCompiled().run(batches, options);
  }

  /** Loss and metrics on data that lies in memory. */
  public Scores evaluate(Batch data) {
    return requireCompiled().evaluate(data);
  }

  /**
   * Predicts; threads may call this at once.
   *
   * @param features (n, …input)
   * @return (n, …output), owned by the caller
   */
  public Tensor predict(Tensor features) {
    return requireBuilt().predictor().predict(features);
  }

  /**
   * Frees the memory of the parameters and of predictions; no thread may be using the model, and
   * none may use it afterwards. A model that is never closed is freed some time after it has become
   * unreachable.
   */
  @Override
  public void close() {
    Built model = built;
    if (model != null) {
      model.predictor().close();
      model.parameters().close();
    }
  }

  /** A table of the layers, their outputs and the number of their parameters. */
  public String summary() {
    return Summary.of(this, requireBuilt());
  }

  private Built requireBuilt() {
    if (built == null) {
      throw new IllegalStateException(
          getClass().getSimpleName() + " has not been built; call build(Shape, seed) first");
    }
    return built;
  }

  private Fit requireCompiled() {
    if (fit == null) {
      throw new IllegalStateException(
          getClass().getSimpleName()
              + " has not been compiled; call compile(optimizer, loss, metrics) first");
    }
    return fit;
  }

  /** What a built model knows. */
  record Built(
      Shape input,
      Shape output,
      ParameterVector parameters,
      List<BuiltLayer> layers,
      Predictor predictor) {}

  /** A layer, and the shape of its output for one example; null if it was not called. */
  record BuiltLayer(String name, Layer layer, @Nullable Shape output, int parameters) {}
}
