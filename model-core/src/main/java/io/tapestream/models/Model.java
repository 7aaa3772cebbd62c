package io.tapestream.models;

import io.tapestream.autodiff.Variable;
import io.tapestream.layers.Layer;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.Fit;
import io.tapestream.training.FitOptions;
import io.tapestream.training.Goal;
import io.tapestream.training.History;
import io.tapestream.training.Scores;
import io.tapestream.training.StepSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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
 * <p>or, for a chain, with {@link Sequential}, or, for any graph, by calling layers on {@link
 * io.tapestream.layers.Input}s ({@link #of}). All nest in each other, and in layers that are made
 * of layers. Fields that hold a layer, an array, a collection or a map of layers are found by
 * themselves and named after the field; their parameters lie in {@link #parameters} in the order in
 * which the layers were constructed. {@code call} may use any op, branch and loop, as long as each
 * layer that it ever calls is called for the zeros that {@code build} tries.
 *
 * <p>Training, evaluating and predicting capture it: the code of {@code call} runs when a shape of
 * the batch is new, and from then on the kernels that it called are called again. What else it
 * does, such as counting, it does through {@code capture.CapturedStep.also}.
 *
 * <p>A layer that was built in another model brings its values along when this one is built, and
 * that other model ends: so a trained model becomes a part of a larger one.
 *
 * <p>A model that is to be named in a specification, or saved, has a public constructor without
 * arguments, or overrides {@link #settings()} and has one that takes that record.
 *
 * <p>Threads may share a model to predict; training and loading parameters need it alone.
 */
public abstract class Model extends Layer implements AutoCloseable {

  /** The settings of a model that has none. */
  public record None() {}

  private @Nullable Built built;
  private transient @Nullable Model taker; // no layer of this model
  private @Nullable Fit fit;

  /**
   * The model that computes these outputs from these inputs; see {@link Functional}.
   *
   * @throws IllegalArgumentException if an output depends on another input, an input reaches no
   *     output, or two share a name
   */
  public static Functional of(List<SymbolicTensor> inputs, List<SymbolicTensor> outputs) {
    return new Functional(inputs, outputs);
  }

  /** The model that computes this output from this input; see {@link Functional}. */
  public static Functional of(SymbolicTensor input, SymbolicTensor output) {
    return of(List.of(input), List.of(output));
  }

  @Override
  public Record settings() {
    return new None();
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
    build(List.of(input), seed, dtype);
  }

  /** As {@link #build(Shape, long)}, for a model with several inputs. */
  public void build(List<Shape> inputs, long seed) {
    build(inputs, seed, DType.FLOAT32);
  }

  /** As {@link #build(Shape, long)}, for several inputs and in another floating type. */
  public void build(List<Shape> inputs, long seed, DType dtype) {
    closeFit();
    Built before = built;
    built = ModelBuilder.build(this, inputs, seed, dtype);
    taker = null;
    if (before != null) {
      before.predictor().close();
    }
  }

  /** The types of this model's inputs if it is built in a floating type. */
  List<DType> inputTypes(List<Shape> inputs, DType dtype) {
    return Collections.nCopies(inputs.size(), dtype);
  }

  /**
   * The shape of one example.
   *
   * @throws IllegalStateException if the model has several inputs, or is not built
   */
  public Shape inputShape() {
    return only(inputShapes(), "inputs");
  }

  /** Per input, the shape of one example. */
  public List<Shape> inputShapes() {
    return requireBuilt().inputs();
  }

  /**
   * The shape of one example's prediction.
   *
   * @throws IllegalStateException if the model has several outputs, or is not built
   */
  public Shape outputShape() {
    return only(outputShapes(), "outputs");
  }

  /** Per output, the shape of one example's prediction. */
  public List<Shape> outputShapes() {
    return requireBuilt().outputs();
  }

  /** Names of the outputs, by which losses and metrics are told apart. */
  public List<String> outputNames() {
    int n = outputShapes().size();
    return n == 1 ? List.of("output") : IntStream.range(0, n).mapToObj(i -> "output_" + i).toList();
  }

  /** The parameters. */
  public ParameterVector parameters() {
    return requireBuilt().parameters();
  }

  /**
   * The places of the parameters that training moves, by offset: all trained ones but those of
   * frozen layers. Freezing changes no place in the vector.
   */
  public List<ParameterVector.Entry> trainableEntries() {
    Built model = requireBuilt();
    List<ParameterVector.Entry> entries = model.parameters().entries();
    return IntStream.range(0, entries.size())
        .filter(i -> entries.get(i).trained())
        .filter(i -> model.owners().get(i).stream().allMatch(Layer::trainable))
        .mapToObj(entries::get)
        .toList();
  }

  /** The variables that training moves, in the order of {@link #trainableEntries}. */
  public List<Variable> trainableVariables() {
    return parameters().variablesOf(trainableEntries());
  }

  /** Says how {@link #fit} trains; the optimizer starts anew. */
  public void compile(Optimizer optimizer, Loss loss, Metric... metrics) {
    compile(optimizer, List.of(Goal.of(loss, metrics)));
  }

  /**
   * Says how {@link #fit} trains a model with several outputs; the optimizer starts anew.
   *
   * @param goals one for each output, in their order; what falls is their weighted sum
   */
  public void compile(Optimizer optimizer, List<Goal> goals) {
    requireBuilt();
    closeFit();
    fit = new Fit(this, optimizer, goals);
  }

  /**
   * Says how {@link #fit} trains a model with several outputs; the optimizer starts anew.
   *
   * @param goals by the names of the outputs
   */
  public void compile(Optimizer optimizer, Map<String, Goal> goals) {
    List<String> names = outputNames();
    if (goals.size() != names.size() || !goals.keySet().containsAll(names)) {
      throw new IllegalArgumentException(
          "the outputs are " + names + ", got goals for " + goals.keySet());
    }
    compile(optimizer, names.stream().map(goals::get).toList());
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

  /** Loss and metrics over batches as they come. */
  public Scores evaluate(Iterable<Batch> batches) {
    return requireCompiled().evaluate(batches);
  }

  /**
   * Predicts; threads may call this at once, each with memory of its own, which is kept for the
   * numbers of rows that come most often until the model is closed or built again.
   *
   * @param features (n, …input)
   * @return (n, …output), owned by the caller
   */
  public Tensor predict(Tensor features) {
    return only(predict(List.of(features)), "outputs");
  }

  /**
   * Predicts with several inputs or outputs; threads may call this at once.
   *
   * @param inputs each (n, …input)
   * @return each (n, …output), owned by the caller
   */
  public List<Tensor> predict(List<Tensor> inputs) {
    return requireBuilt().predictor().predict(inputs, StepSettings.DEFAULT_PIECE_ROWS);
  }

  /** One step on a batch, on one thread; its loss and metrics before the step. */
  public Scores trainOnBatch(Batch batch) {
    return requireCompiled().trainOn(batch);
  }

  /** Loss and metrics on a batch. */
  public Scores testOnBatch(Batch batch) {
    return requireCompiled().evaluate(batch);
  }

  /**
   * Predicts all rows at once.
   *
   * @param features (n, …input)
   * @return (n, …output), owned by the caller
   */
  public Tensor predictOnBatch(Tensor features) {
    int rows = features.rank() == 0 ? 1 : Math.max(1, features.dim(0));
    return only(requireBuilt().predictor().predict(List.of(features), rows), "outputs");
  }

  /**
   * Writes this model to one file, in the format of safetensors: its specification, its parameters
   * and, if it is compiled, optimizer, losses, metrics, the optimizer's memory and the number of
   * steps, so that training goes on with the same bits. A file that is there is replaced whole.
   *
   * @throws IllegalStateException if it is not built, not in FLOAT32, or made of something that
   *     could not be made again, such as an anonymous class
   */
  public void save(Path file) throws IOException {
    SavedModel.write(this, requireBuilt(), fit, file);
  }

  /**
   * Reads a model that was saved, built and, if it was, compiled. Classes of one's own are found
   * with the thread's class loader.
   *
   * @throws IOException if the file can't be read or holds no such model
   */
  public static Model load(Path file) throws IOException {
    return SavedModel.read(file);
  }

  /** How it is trained; null before it is compiled. */
  @Nullable Fit training() {
    return fit;
  }

  /**
   * Frees the memory of the parameters and of predictions; no thread may be using the model, and
   * none may use it afterwards. A model that is never closed is freed some time after it has become
   * unreachable.
   */
  @Override
  public void close() {
    closeFit();
    Built model = built;
    built = null;
    if (model != null) {
      model.predictor().close();
      model.parameters().close();
    }
  }

  /** Whether it is built and has not become a part of another model. */
  boolean isWhole() {
    return built != null;
  }

  /** Ends its life by itself: its layers have their variables in another model now. */
  void endIn(Model other) {
    closeFit();
    if (built != null) {
      built.predictor().close();
      built = null;
    }
    taker = other;
  }

  private void closeFit() {
    if (fit != null) {
      fit.close();
      fit = null;
    }
  }

  /** A table of the layers, their outputs and the number of their parameters. */
  public String summary() {
    return Summary.of(this, requireBuilt());
  }

  private Built requireBuilt() {
    if (built == null) {
      throw new IllegalStateException(
          typeName()
              + (taker == null
                  ? " has not been built; call build(Shape, seed) first"
                  : " has become a part of " + taker + ", which was built later; build it again"));
    }
    return built;
  }

  private Fit requireCompiled() {
    if (fit == null) {
      throw new IllegalStateException(
          typeName() + " has not been compiled; call compile(optimizer, loss, metrics) first");
    }
    return fit;
  }

  private <T> T only(List<T> all, String what) {
    if (all.size() != 1) {
      throw new IllegalStateException(
          typeName() + " has " + all.size() + " " + what + "; ask for all of them");
    }
    return all.get(0);
  }

  /**
   * What a built model knows.
   *
   * @param owners per entry of the parameters, its layer and those that it lies in
   */
  record Built(
      List<Shape> inputs,
      List<Shape> outputs,
      ParameterVector parameters,
      List<List<Layer>> owners,
      List<BuiltLayer> layers,
      Predictor predictor) {}

  /** A layer, and the shapes of its outputs for one example; none if it was not called. */
  record BuiltLayer(String name, Layer layer, List<Shape> outputs, int parameters) {}
}
