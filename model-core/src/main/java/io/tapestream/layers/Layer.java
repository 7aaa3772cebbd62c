package io.tapestream.layers;

import io.tapestream.specs.Specified;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A function of tensors with settings and, once built, variables. A layer of one's own:
 *
 * <pre>{@code
 * public final class Scale extends Layer {
 *   public record Settings(Initializer initializer) {}     // immutable: its specification
 *   ...
 *   protected void build(Shape input, Builder builder) {
 *     factor = builder.parameter("factor", Shape.of(input.dim(-1)), settings.initializer());
 *   }
 *   protected Tensor call(Tensor x, Context context) {     // x: (batch, …input)
 *     return Multiply.of(x, factor.value());
 *   }
 * }
 * }</pre>
 *
 * <p>It overrides the simplest form that fits it, of {@code build} and of {@code call}:
 *
 * <pre>
 * one input,  one output    build(Shape, Builder)          Tensor call(Tensor, Context)
 * many inputs, one output   build(List of Shape, Builder)  Tensor call(List of Tensor, Context)
 * many outputs                                             List of Tensor callAll(List of Tensor, Context)
 * </pre>
 *
 * <p>A layer may be made of layers: fields that hold a layer, an array, a collection or a map of
 * layers are found by themselves and named after the field. Its variables are all that changes in a
 * layer, so that several threads may call one on pieces of a batch. A layer that is called twice in
 * a model has one set of variables.
 */
public abstract class Layer implements Specified {
  private static final AtomicLong CONSTRUCTED = new AtomicLong();

  private final long order = CONSTRUCTED.getAndIncrement();
  private Place place = Place.NONE;
  private @Nullable List<Shape> inputs;
  private boolean trainable = true;

  /** The settings, an immutable record, which make an equal layer. */
  @Override
  public abstract Record settings();

  /**
   * Checks the input and makes the variables. It may be called more than once; the last variables
   * count.
   *
   * @param inputShape of one example, without the batch axis
   * @throws IllegalArgumentException if the layer takes no such input; see {@link #expected}
   */
  protected void build(Shape inputShape, Builder builder) {}

  /**
   * The same for a layer with several inputs.
   *
   * @param inputShapes per input, of one example
   * @throws IllegalArgumentException if the layer takes no such inputs; see {@link #expected}
   */
  protected void build(List<Shape> inputShapes, Builder builder) {
    if (inputShapes.size() == 1) {
      build(inputShapes.get(0), builder);
    }
  }

  /**
   * Computes the output. It must not change the layer: threads share it.
   *
   * @param x (batch, …input)
   */
  protected Tensor call(Tensor x, Context context) {
    throw new IllegalStateException(getClass().getName() + " must override one form of call");
  }

  /**
   * Computes the output of several inputs. It must not change the layer: threads share it.
   *
   * @param inputTensors each (batch, …input)
   */
  protected Tensor call(List<Tensor> inputTensors, Context context) {
    if (inputTensors.size() != 1) {
      throw new IllegalArgumentException(
          this + " takes one input, got " + inputTensors.size() + "; call it once for each");
    }
    return call(inputTensors.get(0), context);
  }

  /**
   * Computes several outputs. It must not change the layer: threads share it.
   *
   * @param inputTensors each (batch, …input)
   * @return at least one output; always the same number
   */
  protected List<Tensor> callAll(List<Tensor> inputTensors, Context context) {
    Tensor output = call(inputTensors, context);
    if (output == null) {
      throw new IllegalStateException(this + " returned null for its output");
    }
    return List.of(output);
  }

  /** The layers directly in this one by name, in the order of their construction. */
  public Map<String, Layer> children() {
    return LayerFields.of(this);
  }

  /**
   * Whether an example's output in training depends on the others in its batch, as a batch norm's
   * does. A model with such a layer is trained on each batch as one piece.
   */
  public boolean couplesExamples() {
    return children().values().stream().anyMatch(Layer::couplesExamples);
  }

  /**
   * Calls this layer as a part of a model.
   *
   * @param x (batch, …input)
   * @throws IllegalArgumentException if x hasn't the shape that the layer was built for
   * @throws IllegalStateException if it was not built
   */
  public final Tensor apply(Tensor x, Context context) {
    return apply(List.of(x), context);
  }

  /**
   * Calls this layer with several inputs.
   *
   * @param inputTensors each (batch, …input)
   * @throws IllegalArgumentException if they are not as many or not of the shapes that the layer
   *     was built for, or if it has several outputs
   * @throws IllegalStateException if it was not built
   */
  public final Tensor apply(List<Tensor> inputTensors, Context context) {
    return only(applyAll(inputTensors, context));
  }

  /**
   * Calls this layer for all its outputs.
   *
   * @param inputTensors each (batch, …input)
   * @throws IllegalArgumentException if they are not as many or not of the shapes that the layer
   *     was built for
   * @throws IllegalStateException if it was not built
   */
  public final List<Tensor> applyAll(List<Tensor> inputTensors, Context context) {
    Context.Observer observer = context.observer();
    if (observer != null) {
      observer.before(this, inputTensors);
    }
    checkInputs(inputTensors);
    List<Tensor> outputs;
    try {
      outputs = callAll(inputTensors, context);
    } catch (IllegalArgumentException e) {
      throw named(e);
    }
    for (Tensor output : outputs) {
      if (output.rank() == 0) {
        throw new IllegalStateException(this + " returned a scalar; its output is (batch, …)");
      }
    }
    if (observer != null) {
      observer.after(this, outputs);
    }
    return outputs;
  }

  /** The error of an op, with the innermost layer that called it. */
  private IllegalArgumentException named(IllegalArgumentException e) {
    String message = String.valueOf(e.getMessage());
    return message.startsWith("layer ")
        ? e
        : new IllegalArgumentException(this + ": " + message, e);
  }

  private void checkInputs(List<Tensor> given) {
    List<Shape> built = inputs;
    if (built == null) {
      throw new IllegalStateException(
          this
              + " has not been built: call build on its model, which must call this layer for any input");
    }
    boolean fits = given.size() == built.size();
    for (int i = 0; fits && i < given.size(); i++) {
      fits = isBatchOf(given.get(i).shape(), built.get(i));
    }
    if (!fits) {
      throw new IllegalArgumentException(
          this
              + " was built for input "
              + withBatch(built)
              + ", got "
              + given.stream().map(t -> t.shape().toString()).collect(Collectors.joining(" and ")));
    }
  }

  private static boolean isBatchOf(Shape batch, Shape example) {
    if (batch.rank() != example.rank() + 1) {
      return false;
    }
    for (int axis = 0; axis < example.rank(); axis++) {
      if (batch.dim(axis + 1) != example.dim(axis)) {
        return false;
      }
    }
    return true;
  }

  /** Whether training moves this layer's parameters; see {@link #trainable(boolean)}. */
  public final boolean trainable() {
    return trainable;
  }

  /**
   * Freezes this layer and those in it, or thaws them, before or after it is built: no gradient is
   * computed for what is frozen, and no optimizer moves it. Statistics that a layer learns without
   * a gradient stay too: a frozen batch norm behaves as in inference. It counts from the model's
   * next {@code compile} on (and for a {@code TrainingStep} or {@code VectorUpdate} that is made
   * later).
   */
  public final void trainable(boolean trained) {
    trainable = trained;
    children().values().forEach(child -> child.trainable(trained));
  }

  // Describing a model

  /**
   * Calls this layer on what a model will be given; see {@code models.Functional}.
   *
   * @return what the layer will make of it
   * @throws IllegalArgumentException if the layer takes no such input
   */
  public final SymbolicTensor apply(SymbolicTensor x) {
    return apply(List.of(x));
  }

  /**
   * Calls this layer on several tensors that a model will be given or compute.
   *
   * @throws IllegalArgumentException if the layer takes no such inputs, or has several outputs
   */
  public final SymbolicTensor apply(List<SymbolicTensor> symbols) {
    return only(applyAll(symbols));
  }

  /**
   * Calls this layer on tensors that a model will be given or compute, for all its outputs.
   *
   * @throws IllegalArgumentException if the layer takes no such inputs
   */
  public final List<SymbolicTensor> applyAll(List<SymbolicTensor> symbols) {
    return SymbolicTensor.of(this, symbols);
  }

  private <T> T only(List<T> outputs) {
    if (outputs.size() != 1) {
      throw new IllegalArgumentException(
          this + " has " + outputs.size() + " outputs; call applyAll for them");
    }
    return outputs.get(0);
  }

  // Its place in a model

  /**
   * Gives this layer its place in a model and its variables; called by the model that is being
   * built.
   *
   * @param inputShapes of one example, without the batch axis
   */
  public final void prepare(Place newPlace, List<Shape> inputShapes, Builder builder) {
    place = newPlace;
    build(inputShapes, builder);
    inputs = List.copyOf(inputShapes);
  }

  /** Takes its place and its variables away. */
  final void forget() {
    place = Place.NONE;
    inputs = null;
  }

  /** Whether it has its place and its variables. */
  final boolean isBuilt() {
    return inputs != null;
  }

  /** Where it stands; {@link Place#NONE} before it is built. */
  public final Place place() {
    return place;
  }

  /** Its name in its model, such as {@code encoder/conv1}; empty before it is built. */
  public final String name() {
    return place.path();
  }

  /** Its number among its model's layers. */
  protected final int index() {
    return place.index();
  }

  /** When it was constructed, among all layers: earlier ones have smaller numbers. */
  public final long constructionOrder() {
    return order;
  }

  /**
   * The error for an input that this layer can't take.
   *
   * @param wanted such as "(batch, height, width, channels)"
   * @param given of one example
   */
  protected final IllegalArgumentException expected(String wanted, Shape given) {
    return expected(wanted, List.of(given));
  }

  /**
   * The error for inputs that this layer can't take.
   *
   * @param wanted such as "of one shape"
   * @param given per input, of one example
   */
  protected final IllegalArgumentException expected(String wanted, List<Shape> given) {
    return new IllegalArgumentException(
        this + " expects input " + wanted + ", got " + withBatch(given));
  }

  /** What {@link #build} made; an error before it was called. */
  protected final <T> T built(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException(this + " has not been built");
    }
    return part;
  }

  /**
   * The shapes of one example of each batch that this layer is called on.
   *
   * @throws IllegalArgumentException if one has no batch axis
   */
  public final List<Shape> examplesOf(List<Tensor> batches) {
    for (Tensor batch : batches) {
      if (batch.rank() == 0) {
        throw new IllegalArgumentException(
            this + " was called with a scalar; its input is (batch, …)");
      }
    }
    return batches.stream().map(batch -> batch.shape().withoutFirst()).toList();
  }

  /** The shape as errors and summaries show it: {@code (batch, 28, 28, 1)}. */
  public static String withBatch(Shape example) {
    StringBuilder text = new StringBuilder("(batch");
    for (int dim : example.dims()) {
      text.append(", ").append(dim);
    }
    return text.append(')').toString();
  }

  /** Shapes as errors and summaries show them: {@code (batch, 3) and (batch, 4)}. */
  public static String withBatch(List<Shape> examples) {
    return examples.stream().map(Layer::withBatch).collect(Collectors.joining(" and "));
  }

  /** Name and type, as in {@code layer "conv1" (Conv2D)}. */
  @Override
  public String toString() {
    return (name().isEmpty() ? "layer" : "layer \"" + name() + "\"") + " (" + typeName() + ")";
  }

  /** The name of its class, or, if that has none, of the one that it extends. */
  public final String typeName() {
    Class<?> type = getClass();
    return (type.isAnonymousClass() ? type.getSuperclass() : type).getSimpleName();
  }
}
