package io.tapestream.layers;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that a model will be given or compute: its shape and type are known, its numbers are
 * not. Layers called on such tensors describe a model:
 *
 * <pre>{@code
 * SymbolicTensor image = Input.of(28, 28, 1);
 * SymbolicTensor x = new Conv2D(8, 3, Padding.SAME, RELU).apply(image);
 * SymbolicTensor y = new Conv2D(8, 3, Padding.SAME, RELU).apply(x);
 * SymbolicTensor digit = new Dense(10).apply(new Flatten().apply(new Add().apply(List.of(x, y))));
 * Model model = Model.of(image, digit.named("digit"));
 * }</pre>
 */
public final class SymbolicTensor {
  private final Shape shape;
  private final DType dtype;
  private final @Nullable Call call;
  private final int output;
  private @Nullable String name;

  private SymbolicTensor(Shape shape, DType dtype, @Nullable Call call, int output) {
    this.shape = shape;
    this.dtype = dtype;
    this.call = call;
    this.output = output;
  }

  /** A layer called on such tensors; each call is one of its own, equal to itself alone. */
  public static final class Call {
    private static final AtomicLong MADE = new AtomicLong();

    private final long order = MADE.getAndIncrement();
    private final Layer layer;
    private final List<SymbolicTensor> inputs;
    private @Nullable String name;

    private Call(Layer layer, List<SymbolicTensor> inputs) {
      this.layer = layer;
      this.inputs = List.copyOf(inputs);
    }

    /** When it was made, among all calls: earlier ones have smaller numbers. */
    public long order() {
      return order;
    }

    /** The layer. */
    public Layer layer() {
      return layer;
    }

    /** What it was called on. */
    public List<SymbolicTensor> inputs() {
      return inputs;
    }

    /** The name it was given; null for none. */
    public @Nullable String name() {
      return name;
    }
  }

  static SymbolicTensor input(Shape shape, DType dtype) {
    return new SymbolicTensor(shape, dtype, null, 0);
  }

  static List<SymbolicTensor> of(Layer layer, List<SymbolicTensor> inputs) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException(layer + " is called on no tensor; give it at least one");
    }
    Call call = new Call(layer, inputs);
    List<SymbolicTensor> outputs = new ArrayList<>();
    for (Trial.Outcome outcome : Trial.of(layer, inputs)) {
      outputs.add(new SymbolicTensor(outcome.shape(), outcome.dtype(), call, outputs.size()));
    }
    return List.copyOf(outputs);
  }

  /** The shape of one example, without the batch axis. */
  public Shape shape() {
    return shape;
  }

  /** The type of its elements; where they are real numbers, the model's. */
  public DType dtype() {
    return dtype;
  }

  /** The call that computes it; null for a model's input. */
  public @Nullable Call call() {
    return call;
  }

  /** Which output of {@link #call} it is, from 0. */
  public int output() {
    return output;
  }

  /**
   * Names an input, or the layer's call that computes this tensor and, with its first call, the
   * layer. The name is unique in the model.
   *
   * @return this
   */
  public SymbolicTensor named(String newName) {
    if (newName.isEmpty() || newName.matches(".*[/:#\\s].*")) {
      throw new IllegalArgumentException(
          "\"" + newName + "\" can't be a layer's name: leave out '/', ':', '#' and spaces");
    }
    if (call == null) {
      name = newName;
    } else {
      call.name = newName;
    }
    return this;
  }

  /** The name it was given; null for none. */
  public @Nullable String name() {
    return call == null ? name : call.name();
  }

  /** Shape and origin, such as {@code (batch, 10) from layer (Dense)}. */
  @Override
  public String toString() {
    String origin = call != null ? "from " + call.layer() : "input";
    return Layer.withBatch(shape) + " " + origin + (name() == null ? "" : " \"" + name() + "\"");
  }
}
