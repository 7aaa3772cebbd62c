package io.tapestream.backend.cpu;

import io.tapestream.tensor.Shape;
import java.util.Arrays;

/**
 * A loop nest over the indices of a shape, in C order, that moves several operands along, each by
 * its own strides (0 where it is broadcast or reduced). Axes that every operand walks as if they
 * were one are merged, so the innermost loop is as long as can be; the caller runs that one itself.
 */
final class Nest {
  /** The caller's innermost loop. */
  interface Run {
    /**
     * Does {@link Nest#length} elements.
     *
     * @param offsets each operand's first element
     */
    void from(int[] offsets);
  }

  private final int[] lengths;
  private final int[][] strides;
  private final int axes;

  /**
   * A nest over a shape.
   *
   * @param operands for each operand and axis, how many elements it moves per index
   */
  Nest(Shape shape, int[]... operands) {
    int rank = shape.rank();
    this.lengths = new int[Math.max(rank, 1)];
    this.strides = new int[operands.length][Math.max(rank, 1)];
    int merged = 0;
    for (int axis = 0; axis < rank; axis++) {
      int length = shape.dim(axis);
      if (length == 1) {
        continue;
      }
      if (merged > 0 && continues(operands, merged - 1, axis, length)) {
        lengths[merged - 1] *= length;
      } else {
        lengths[merged++] = length;
      }
      for (int i = 0; i < operands.length; i++) {
        strides[i][merged - 1] = operands[i][axis];
      }
    }
    if (merged == 0) {
      lengths[merged++] = 1;
    }
    this.axes = merged;
  }

  private boolean continues(int[][] operands, int outer, int axis, int length) {
    for (int i = 0; i < operands.length; i++) {
      if (strides[i][outer] != operands[i][axis] * length) {
        return false;
      }
    }
    return true;
  }

  /** The strides of a contiguous tensor of this shape. */
  static int[] contiguous(Shape shape) {
    int[] strides = new int[shape.rank()];
    int stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape.dim(axis);
    }
    return strides;
  }

  /**
   * The strides of a contiguous tensor whose shape is broadcast to another: aligned at the last
   * axis, 0 where it is repeated.
   */
  static int[] broadcast(Shape shape, Shape to) {
    int[] own = contiguous(shape);
    int[] strides = new int[to.rank()];
    int missing = to.rank() - shape.rank();
    for (int axis = Math.max(missing, 0); axis < to.rank(); axis++) {
      strides[axis] = shape.dim(axis - missing) == 1 ? 0 : own[axis - missing];
    }
    return strides;
  }

  /** The innermost loop's length. */
  int length() {
    return lengths[axes - 1];
  }

  /** How many elements an operand moves per index of the innermost loop. */
  int step(int operand) {
    return strides[operand][axes - 1];
  }

  /** Runs the outer loops. */
  void run(Run inner) {
    for (int axis = 0; axis < axes; axis++) {
      if (lengths[axis] == 0) {
        return;
      }
    }
    int[] index = new int[axes];
    int[] offsets = new int[strides.length];
    while (true) {
      inner.from(offsets);
      int axis = axes - 2;
      while (axis >= 0 && ++index[axis] == lengths[axis]) {
        move(offsets, axis, -(lengths[axis] - 1));
        index[axis--] = 0;
      }
      if (axis < 0) {
        return;
      }
      move(offsets, axis, 1);
    }
  }

  private void move(int[] offsets, int axis, int indices) {
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] += indices * strides[i][axis];
    }
  }

  @Override
  public String toString() {
    return "Nest" + Arrays.toString(Arrays.copyOf(lengths, axes));
  }
}
