package io.tapestream.autodiff;

import io.tapestream.tensor.Differentiable;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A parameter: a value that training changes, and the place its gradient goes. Both are usually
 * views into a model's two flat vectors. Reading the value of a trainable variable while tapes are
 * open on the thread makes them watch it.
 */
public final class Variable implements Differentiable {
  private final String name;
  private final Tensor value;
  private final Tensor gradient;
  private final boolean trainable;
  private final @Nullable TouchedRows touched;

  /**
   * @param name such as {@code dense_1/kernel}
   * @param value its value, any shape
   * @param gradient where gradients are added, of the value's type and shape
   * @param trainable whether tapes watch it
   */
  public Variable(String name, Tensor value, Tensor gradient, boolean trainable) {
    this(name, value, gradient, trainable, null);
  }

  /**
   * A variable whose gradient may have few rows that are not zero.
   *
   * @param name as above
   * @param value as above
   * @param gradient as above
   * @param trainable as above
   * @param touched of the gradient; null if nothing is known of its rows
   */
  public Variable(
      String name,
      Tensor value,
      Tensor gradient,
      boolean trainable,
      @Nullable TouchedRows touched) {
    if (!value.shape().equals(gradient.shape()) || value.dtype() != gradient.dtype()) {
      throw new IllegalArgumentException(
          "variable "
              + name
              + ": its value is "
              + value
              + " but its gradient "
              + gradient
              + "; they must agree");
    }
    this.name = name;
    this.value = value;
    this.gradient = gradient;
    this.trainable = trainable;
    this.touched = touched;
  }

  /** A trainable variable with a gradient of its own. */
  public static Variable of(String name, Tensor value) {
    return new Variable(name, value, Tensor.zeros(value.dtype(), value.shape()), true);
  }

  /** Its name, unique in its model. */
  public String name() {
    return name;
  }

  /** Its value; always the same tensor. Open tapes watch it from now on, if it is trainable. */
  public Tensor value() {
    if (trainable) {
      OpenTapes.onRead(this);
    }
    return value;
  }

  /** Its value, for tapes: unlike {@link #value()}, asking for it makes none watch it. */
  @Override
  public Tensor tensor() {
    return value;
  }

  /** Its gradient; always the same tensor. Tapes add to it and never clear it. */
  public Tensor gradient() {
    if (touched != null) {
      touched.addAll(); // whoever has it may write to it
    }
    return gradient;
  }

  Tensor gradientForTapes() {
    return gradient;
  }

  /** Which rows of its gradient may hold anything; null if nothing is known of them. */
  public @Nullable TouchedRows touchedRows() {
    return touched;
  }

  /** Whether tapes watch it. */
  public boolean trainable() {
    return trainable;
  }

  @Override
  public String toString() {
    return name + ": " + value;
  }
}
