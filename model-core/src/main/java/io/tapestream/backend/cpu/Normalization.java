package io.tapestream.backend.cpu;

import io.tapestream.backend.NormColumns;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Normalization of columns. Short rows are taken several at a time as one long row, so that they
 * fill vectors. Sums run in float over a piece that stays in the first-level cache, and over the
 * pieces in double.
 */
final class Normalization {
  static final int PIECE = 8192;

  /** A long row is a multiple of it. */
  static final int SIDE_BY_SIDE = 16;

  private final Kernels kernels;

  Normalization(Kernels kernels) {
    this.kernels = kernels;
  }

  /** A piece of the rows: {@code count} rows of {@code length} elements from byte {@code at} on. */
  @FunctionalInterface
  private interface Piece {
    void take(int at, int count, int length);
  }

  void moments(Tensor x, Tensor mean, Tensor variance) {
    int k = mean.size();
    if (k == 0) {
      return;
    }
    int rows = x.size() / k;
    Sums columns =
        (at, count, length, sums) ->
            kernels.addColumns(x.buffer(), x.byteOffset() + at, count, length, sums[0]);
    write(totals(rows, k, 1, columns)[0], rows, mean);
    float[] center = repeated(mean.toFloats());
    Sums squares =
        (at, count, length, sums) ->
            kernels.addSquares(x.buffer(), x.byteOffset() + at, count, length, center, sums[0]);
    write(totals(rows, k, 1, squares)[0], rows, variance);
  }

  /**
   * How columns are normalized: {@code y = (x − center) · factor + shift}, each as long as a long
   * row.
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, compared by nobody
  record Columns(float[] center, float[] factor, float[] shift) {
    static Columns of(NormColumns columns) {
      int k = columns.mean().size();
      Tensor gamma = columns.gamma();
      Tensor beta = columns.beta();
      float[] factor = scales(columns.variance(), columns.epsilon());
      if (gamma != null) {
        float[] gammas = gamma.toFloats();
        for (int j = 0; j < k; j++) {
          factor[j] *= gammas[j];
        }
      }
      return new Columns(
          repeated(columns.mean().toFloats()),
          repeated(factor),
          repeated(beta == null ? new float[k] : beta.toFloats()));
    }
  }

  void normalize(Tensor x, NormColumns by, Tensor y) {
    int k = by.mean().size();
    Columns columns = Columns.of(by);
    each(
        k == 0 ? 0 : x.size() / k,
        k,
        (at, count, length) ->
            kernels.normalize(
                x.buffer(),
                x.byteOffset() + at,
                y.buffer(),
                y.byteOffset() + at,
                count,
                length,
                columns.center,
                columns.factor,
                columns.shift));
  }

  void sums(
      Tensor x,
      Tensor mean,
      Tensor variance,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta) {
    float[] center = repeated(mean.toFloats());
    Sums sums =
        (at, count, length, of) -> {
          int dyAt = dy.byteOffset() + at;
          kernels.addProducts(
              x.buffer(), x.byteOffset() + at, dy.buffer(), dyAt, count, length, center, of[0]);
          kernels.addColumns(dy.buffer(), dyAt, count, length, of[1]);
        };
    int rows = mean.size() == 0 ? 0 : x.size() / mean.size();
    sums(rows, variance, epsilon, sums, dgamma, dbeta);
  }

  /**
   * The sums over so many rows.
   *
   * @param sums what adds (x − μ) · dy and dy
   */
  static void sums(
      int rows, Tensor variance, double epsilon, Sums sums, Tensor dgamma, Tensor dbeta) {
    double[][] totals = totals(rows, variance.size(), 2, sums);
    double[] products = totals[0];
    float[] scale = scales(variance, epsilon);
    for (int j = 0; j < products.length; j++) {
      products[j] *= scale[j];
    }
    write(products, 1, dgamma);
    write(totals[1], 1, dbeta);
  }

  /**
   * What the gradient of x is made of: {@code dx = dy · own + (x − center) · along + shift}, each
   * as long as a long row.
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, compared by nobody
  record Slopes(float[] center, float[] own, float[] along, float[] shift) {
    static Slopes of(
        int rows,
        Tensor mean,
        Tensor variance,
        @Nullable Tensor gamma,
        double epsilon,
        Tensor dgamma,
        Tensor dbeta) {
      int k = mean.size();
      float[] scale = scales(variance, epsilon);
      float[] own = scale.clone();
      float[] along = new float[k];
      float[] shift = new float[k];
      for (int j = 0; j < k; j++) {
        if (gamma != null) {
          own[j] *= (float) gamma.get(j);
        }
        along[j] = (float) (-(double) own[j] * scale[j] * dgamma.get(j) / rows);
        shift[j] = (float) (-(double) own[j] * dbeta.get(j) / rows);
      }
      return new Slopes(repeated(mean.toFloats()), repeated(own), repeated(along), repeated(shift));
    }
  }

  void gradient(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta,
      Tensor dx,
      boolean accumulate) {
    int k = mean.size();
    int rows = k == 0 ? 0 : x.size() / k;
    Slopes slopes = Slopes.of(rows, mean, variance, gamma, epsilon, dgamma, dbeta);
    each(
        rows,
        k,
        (at, count, length) ->
            kernels.normalizeGradient(
                x.buffer(),
                x.byteOffset() + at,
                dy.buffer(),
                dy.byteOffset() + at,
                dx.buffer(),
                dx.byteOffset() + at,
                count,
                length,
                slopes.center,
                slopes.own,
                slopes.along,
                slopes.shift,
                accumulate));
  }

  /** Adds a piece's columns to sums of several kinds. */
  @FunctionalInterface
  interface Sums {
    /** Adds {@code count} rows of {@code length} elements, from byte {@code at} of all on. */
    void add(int at, int count, int length, float[][] sums);
  }

  /** Sums of several kinds over all columns, part by part. */
  private static double[][] totals(int rows, int k, int kinds, Sums sums) {
    int rowsOfAPart = rowsOfAPart(k);
    double[][][] totals = new double[(rows + rowsOfAPart - 1) / rowsOfAPart][kinds][k];
    Parts.of(
        rows,
        rowsOfAPart,
        (from, to) -> {
          float[][] ofAPiece = new float[kinds][longRow(k)];
          double[][] ofThePart = totals[from / rowsOfAPart];
          eachPiece(
              from,
              to,
              k,
              (at, count, length) -> {
                sums.add(at, count, length, ofAPiece);
                for (int kind = 0; kind < kinds; kind++) {
                  fold(ofAPiece[kind], ofThePart[kind]);
                }
              });
        });
    double[][] all = new double[kinds][k];
    for (double[][] part : totals) {
      for (int kind = 0; kind < kinds; kind++) {
        for (int j = 0; j < k; j++) {
          all[kind][j] += part[kind][j];
        }
      }
    }
    return all;
  }

  private static void each(int rows, int k, Piece piece) {
    Parts.of(rows, rowsOfAPart(k), (from, to) -> eachPiece(from, to, k, piece));
  }

  /** Whole long rows. */
  private static int rowsOfAPart(int k) {
    int side = k == 0 ? 1 : longRow(k) / k;
    return Parts.rowsOfAPart(side * k) * side;
  }

  /** Whole long rows, in pieces; then the rows that fill none. */
  private static void eachPiece(int from, int to, int k, Piece piece) {
    int length = longRow(k);
    int side = k == 0 ? 1 : length / k;
    int longRows = (to - from) / side;
    int atOnce = Math.max(1, PIECE / Math.max(1, length));
    int start = 4 * from * k;
    for (int row = 0; row < longRows; row += atOnce) {
      piece.take(start + 4 * row * length, Math.min(atOnce, longRows - row), length);
    }
    if (from + longRows * side < to) {
      piece.take(start + 4 * longRows * length, to - from - longRows * side, k);
    }
  }

  private static int longRow(int k) {
    return k % SIDE_BY_SIDE == 0 ? k : SIDE_BY_SIDE * k;
  }

  /** A value for each column, as long as a long row. */
  private static float[] repeated(float[] columns) {
    float[] repeated = Arrays.copyOf(columns, longRow(columns.length));
    for (int j = columns.length; j < repeated.length; j++) {
      repeated[j] = repeated[j - columns.length];
    }
    return repeated;
  }

  /** Adds the sums of a long row's elements to those of their columns, and clears them. */
  private static void fold(float[] sums, double[] total) {
    for (int from = 0; from < sums.length; from += total.length) {
      for (int j = 0; j < total.length; j++) {
        total[j] += sums[from + j];
      }
    }
    Arrays.fill(sums, 0f);
  }

  /** 1 / √(σ² + ε). */
  private static float[] scales(Tensor variance, double epsilon) {
    float[] scales = variance.toFloats();
    for (int j = 0; j < scales.length; j++) {
      scales[j] = (float) (1 / Math.sqrt(scales[j] + epsilon));
    }
    return scales;
  }

  private static void write(double[] total, double divisor, Tensor out) {
    float[] values = new float[total.length];
    for (int j = 0; j < values.length; j++) {
      values[j] = (float) (total[j] / divisor);
    }
    out.write(0, values, 0, values.length);
  }
}
