package io.tapestream.backend;

import io.tapestream.tensor.Shape;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/**
 * Arrays of doubles computed with in the plainest way, one element at a time from the formula: the
 * references that backends are held against.
 */
final class NaiveArray {
  private final Shape shape;
  private final double[] values;

  NaiveArray(Shape shape, double... values) {
    this.shape = shape;
    this.values = values;
  }

  Shape shape() {
    return shape;
  }

  /** Its elements in C order, not a copy. */
  double[] values() {
    return values;
  }

  /** An array whose element at each index is a function of the index. */
  static NaiveArray make(Shape shape, ToDoubleFunction<int[]> element) {
    double[] values = new double[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = element.applyAsDouble(index(shape, i));
    }
    return new NaiveArray(shape, values);
  }

  static NaiveArray zeros(Shape shape) {
    return new NaiveArray(shape, new double[shape.size()]);
  }

  /** The index of a shape's i-th element. */
  static int[] index(Shape shape, int i) {
    int[] index = new int[shape.rank()];
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      index[axis] = i % shape.dim(axis);
      i /= shape.dim(axis);
    }
    return index;
  }

  private int flat(int... index) {
    int flat = 0;
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (index[axis] < 0 || index[axis] >= shape.dim(axis)) {
        throw new IndexOutOfBoundsException(Arrays.toString(index) + " in " + shape);
      }
      flat = flat * shape.dim(axis) + index[axis];
    }
    return flat;
  }

  double at(int... index) {
    return values[flat(index)];
  }

  /** The element that an index of a shape this one broadcasts to comes from. */
  double broadcastAt(int... index) {
    return values[flat(broadcastIndex(index))];
  }

  private int[] broadcastIndex(int[] index) {
    int[] own = Arrays.copyOfRange(index, index.length - shape.rank(), index.length);
    for (int axis = 0; axis < own.length; axis++) {
      own[axis] = shape.dim(axis) == 1 ? 0 : own[axis];
    }
    return own;
  }

  void add(double value, int... index) {
    values[flat(index)] += value;
  }

  NaiveArray map(DoubleUnaryOperator function) {
    return new NaiveArray(shape, Arrays.stream(values).map(function).toArray());
  }

  NaiveArray with(NaiveArray other, DoubleBinaryOperator function) {
    return make(
        Shape.broadcast(shape, other.shape),
        i -> function.applyAsDouble(broadcastAt(i), other.broadcastAt(i)));
  }

  /** Sums to a shape that broadcasts to this one. */
  NaiveArray sumTo(Shape target) {
    NaiveArray sum = zeros(target);
    for (int i = 0; i < values.length; i++) {
      sum.add(values[i], sum.broadcastIndex(index(shape, i)));
    }
    return sum;
  }

  /** The largest over what {@link #sumTo} would sum. */
  NaiveArray maxTo(Shape target) {
    NaiveArray max = zeros(target).map(zero -> Double.NEGATIVE_INFINITY);
    for (int i = 0; i < values.length; i++) {
      int at = max.flat(max.broadcastIndex(index(shape, i)));
      max.values[at] = Math.max(max.values[at], values[i]);
    }
    return max;
  }

  NaiveArray matmul(boolean transpose, NaiveArray b, boolean transposeB) {
    int m = shape.dim(transpose ? 1 : 0);
    int k = shape.dim(transpose ? 0 : 1);
    int n = b.shape.dim(transposeB ? 0 : 1);
    return make(
        Shape.of(m, n),
        ij -> {
          double sum = 0;
          for (int p = 0; p < k; p++) {
            sum +=
                (transpose ? at(p, ij[0]) : at(ij[0], p))
                    * (transposeB ? b.at(ij[1], p) : b.at(p, ij[1]));
          }
          return sum;
        });
  }

  /** Each row (the last axis) less its maximum, exponentiated, over its sum. */
  NaiveArray softmax() {
    Shape rows = shape.with(-1, 1);
    NaiveArray exponentials = with(maxTo(rows), (x, max) -> Math.exp(x - max));
    return exponentials.with(exponentials.sumTo(rows), (e, sum) -> e / sum);
  }

  NaiveArray logSoftmax() {
    Shape rows = shape.with(-1, 1);
    NaiveArray shifted = with(maxTo(rows), (x, max) -> x - max);
    return shifted.with(shifted.map(Math::exp).sumTo(rows), (x, sum) -> x - Math.log(sum));
  }

  /** A visitor of every (image, window position, place in the window) that lies in the image. */
  interface Place {
    void visit(int image, int p, int q, int i, int j, int row, int column);
  }

  /** Visits every place under every window over images of a shape. */
  static void windows(Shape images, Window window, Place place) {
    for (int n = 0; n < images.dim(0); n++) {
      for (int p = 0; p < window.outputHeight(images.dim(1)); p++) {
        for (int q = 0; q < window.outputWidth(images.dim(2)); q++) {
          for (int i = 0; i < window.height(); i++) {
            for (int j = 0; j < window.width(); j++) {
              int row = p * window.strideHeight() + i - window.padTop();
              int column = q * window.strideWidth() + j - window.padLeft();
              if (row >= 0 && row < images.dim(1) && column >= 0 && column < images.dim(2)) {
                place.visit(n, p, q, i, j, row, column);
              }
            }
          }
        }
      }
    }
  }

  static Shape output(Shape images, Window window, int channels) {
    return Shape.of(
        images.dim(0),
        window.outputHeight(images.dim(1)),
        window.outputWidth(images.dim(2)),
        channels);
  }

  NaiveArray convolve(NaiveArray filter, Window window) {
    NaiveArray y = zeros(output(shape, window, filter.shape.dim(3)));
    windows(
        shape,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < shape.dim(3); c++) {
            for (int o = 0; o < filter.shape.dim(3); o++) {
              y.add(at(n, row, column, c) * filter.at(i, j, c, o), n, p, q, o);
            }
          }
        });
    return y;
  }

  static NaiveArray inputGradient(NaiveArray dz, NaiveArray filter, Window window, Shape images) {
    NaiveArray dx = zeros(images);
    windows(
        images,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < images.dim(3); c++) {
            for (int o = 0; o < filter.shape.dim(3); o++) {
              dx.add(dz.at(n, p, q, o) * filter.at(i, j, c, o), n, row, column, c);
            }
          }
        });
    return dx;
  }

  NaiveArray filterGradient(NaiveArray dz, Window window) {
    NaiveArray df = zeros(Shape.of(window.height(), window.width(), shape.dim(3), dz.shape.dim(3)));
    windows(
        shape,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < shape.dim(3); c++) {
            for (int o = 0; o < dz.shape.dim(3); o++) {
              df.add(at(n, row, column, c) * dz.at(n, p, q, o), i, j, c, o);
            }
          }
        });
    return df;
  }

  NaiveArray maxPool(Window window) {
    NaiveArray y = zeros(output(shape, window, shape.dim(3))).map(zero -> Double.NEGATIVE_INFINITY);
    windows(
        shape,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < shape.dim(3); c++) {
            int to = y.flat(n, p, q, c);
            y.values[to] = Math.max(y.values[to], at(n, row, column, c));
          }
        });
    return y;
  }

  NaiveArray maxPoolGradient(NaiveArray y, NaiveArray dy, Window window) {
    NaiveArray dx = zeros(shape);
    boolean[] given = new boolean[y.values.length];
    windows(
        shape,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < shape.dim(3); c++) {
            int from = y.flat(n, p, q, c);
            if (!given[from] && at(n, row, column, c) == y.values[from]) {
              given[from] = true;
              dx.add(dy.values[from], n, row, column, c);
            }
          }
        });
    return dx;
  }

  private static NaiveArray counts(Shape images, Window window) {
    NaiveArray counts = zeros(output(images, window, 1));
    windows(images, window, (n, p, q, i, j, row, column) -> counts.add(1, n, p, q, 0));
    return counts;
  }

  NaiveArray averagePool(Window window) {
    NaiveArray y = zeros(output(shape, window, shape.dim(3)));
    windows(
        shape,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < shape.dim(3); c++) {
            y.add(at(n, row, column, c), n, p, q, c);
          }
        });
    return y.with(counts(shape, window), (sum, count) -> sum / count);
  }

  static NaiveArray averagePoolGradient(NaiveArray dy, Window window, Shape images) {
    NaiveArray dx = zeros(images);
    NaiveArray share = dy.with(counts(images, window), (d, count) -> d / count);
    windows(
        images,
        window,
        (n, p, q, i, j, row, column) -> {
          for (int c = 0; c < images.dim(3); c++) {
            dx.add(share.at(n, p, q, c), n, row, column, c);
          }
        });
    return dx;
  }
}
