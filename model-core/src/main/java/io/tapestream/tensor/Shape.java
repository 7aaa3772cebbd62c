package io.tapestream.tensor;

import java.util.Arrays;

/**
 * The lengths of a tensor's axes, outermost first; immutable. The empty shape {@code ()} is a
 * scalar of one element. An axis may be empty (length 0).
 */
public final class Shape {
  private static final Shape SCALAR = new Shape(new int[0]);

  private final int[] dims;
  private final int size;

  private Shape(int[] dims) {
    this.dims = dims;
    long product = 1;
    for (int dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException(
            "shape " + describe(dims) + " has a negative length; give lengths of 0 or more");
      }
      product *= dim;
      if (product > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "shape " + describe(dims) + " has more than 2^31-1 elements; split it");
      }
    }
    this.size = (int) product;
  }

  /** The shape with these axis lengths. */
  public static Shape of(int... dims) {
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  /** The shape of a scalar, {@code ()}. */
  public static Shape scalar() {
    return SCALAR;
  }

  /** A copy of the axis lengths. */
  public int[] dims() {
    return dims.clone();
  }

  /** The number of axes. */
  public int rank() {
    return dims.length;
  }

  /** The number of elements: the product of the lengths, 1 for a scalar. */
  public int size() {
    return size;
  }

  /**
   * The length of an axis.
   *
   * @param axis from 0, or from -1 for the last axis backwards
   */
  public int dim(int axis) {
    return dims[axis(axis)];
  }

  /**
   * The axis counted from the front.
   *
   * @param axis from 0, or from -1 for the last axis backwards
   * @throws IndexOutOfBoundsException if the shape has no such axis
   */
  public int axis(int axis) {
    int fromFront = axis < 0 ? axis + dims.length : axis;
    if (fromFront < 0 || fromFront >= dims.length) {
      throw new IndexOutOfBoundsException("axis " + axis + " of shape " + this + " does not exist");
    }
    return fromFront;
  }

  /** This shape with one axis's length replaced. */
  public Shape with(int axis, int length) {
    int[] changed = dims.clone();
    changed[axis(axis)] = length;
    return new Shape(changed);
  }

  /** This shape with an axis put in front: {@code (28, 28)} with 32 is {@code (32, 28, 28)}. */
  public Shape prepend(int length) {
    int[] longer = new int[dims.length + 1];
    longer[0] = length;
    System.arraycopy(dims, 0, longer, 1, dims.length);
    return new Shape(longer);
  }

  /** This shape without its first axis: {@code (32, 28, 28)} becomes {@code (28, 28)}. */
  public Shape withoutFirst() {
    if (dims.length == 0) {
      throw new IndexOutOfBoundsException("a scalar has no first axis to remove");
    }
    return of(Arrays.copyOfRange(dims, 1, dims.length));
  }

  /**
   * The shape that element-wise operations on two shapes give. Axes are aligned at the last one;
   * two lengths agree if they are equal or one of them is 1 (NumPy's broadcasting).
   *
   * @throws IllegalArgumentException if a pair of lengths disagrees
   */
  public static Shape broadcast(Shape a, Shape b) {
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.rank(), b.rank());
    int[] result = new int[rank];
    for (int i = 1; i <= rank; i++) {
      int left = i <= a.rank() ? a.dims[a.rank() - i] : 1;
      int right = i <= b.rank() ? b.dims[b.rank() - i] : 1;
      if (left != right && left != 1 && right != 1) {
        throw new IllegalArgumentException(
            "shapes "
                + a
                + " and "
                + b
                + " do not broadcast: lengths "
                + left
                + " and "
                + right
                + " on axis -"
                + i
                + " differ and neither is 1");
      }
      result[rank - i] = left == 1 ? right : left;
    }
    return new Shape(result);
  }

  @Override
  public boolean equals(Object other) {
    return this == other || (other instanceof Shape shape && Arrays.equals(dims, shape.dims));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** As Python writes a tuple: {@code (32, 28, 28, 1)}, {@code (10,)}, {@code ()}. */
  @Override
  public String toString() {
    return describe(dims);
  }

  private static String describe(int[] dims) {
    String inner = Arrays.toString(dims);
    return "(" + inner.substring(1, inner.length() - 1) + (dims.length == 1 ? ",)" : ")");
  }
}
