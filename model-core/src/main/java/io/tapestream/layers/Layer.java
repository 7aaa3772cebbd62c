package io.tapestream.layers;

import io.tapestream.specs.Specified;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A function of a tensor with settings and, once built, variables. A layer of one's own:
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
 * <p>Its variables are all that changes in a layer, so that several threads may call one on pieces
 * of a batch.
 */
public abstract class Layer implements Specified {
  private static final AtomicLong CONSTRUCTED = new AtomicLong();

  private final long order = CONSTRUCTED.getAndIncrement();
  private String name = "";
  private int index = -1;
  private @Nullable Shape input;

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
   * Computes the output. It must not change the layer: threads share it.
   *
   * @param x (batch, …input)
   */
  protected abstract Tensor call(Tensor x, Context context);

  /**
   * Calls this layer as a part of a model.
   *
   * @param x (batch, …input)
   * @throws IllegalArgumentException if x hasn't the shape that the layer was built for
   * @throws IllegalStateException if it was not built
   */
  public final Tensor apply(Tensor x, Context context) {
    Context.Observer observer = context.observer();
    if (observer != null) {
      observer.before(this, x);
    }
    Shape built = input;
    if (built == null) {
      throw new IllegalStateException(
          this
              + " has not been built: call build on its model, which must call this layer for any input");
    }
    if (x.rank() != built.rank() + 1 || !x.shape().withoutFirst().equals(built)) {
      throw new IllegalArgumentException(
          this + " was built for input " + withBatch(built) + ", got " + x.shape());
    }
    Tensor y = call(x, context);
    if (observer != null) {
      observer.after(this, y);
    }
    return y;
  }

  /**
   * Gives this layer its place in a model and its variables; called by the model that is being
   * built.
   *
   * @param path its name in the model, such as {@code encoder/conv1}
   * @param position its number among the model's layers; random layers draw by it
   * @param inputShape of one example, without the batch axis
   */
  public final void prepare(String path, int position, Shape inputShape, Builder builder) {
    name = path;
    index = position;
    build(inputShape, builder);
    input = inputShape;
  }

  /** Its name in its model, such as {@code encoder/conv1}; empty before it is built. */
  public final String name() {
    return name;
  }

  /** Its number among its model's layers. */
  protected final int index() {
    return index;
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

  /** The shape as errors and summaries show it: {@code (batch, 28, 28, 1)}. */
  public static String withBatch(Shape example) {
    StringBuilder text = new StringBuilder("(batch");
    for (int dim : example.dims()) {
      text.append(", ").append(dim);
    }
    return text.append(')').toString();
  }

  /** Name and type, as in {@code layer "conv1" (Conv2D)}. */
  @Override
  public String toString() {
    return (name.isEmpty() ? "layer" : "layer \"" + name + "\"")
        + " ("
        + getClass().getSimpleName()
        + ")";
  }
}
