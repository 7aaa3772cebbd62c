package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The loops worth compiling to vector instructions, on float32 memory outside the heap. A place is
 * a buffer in native byte order and the byte where its first element lies. {@code n} counts
 * elements. Both implementations give the same bits.
 */
interface Kernels {
  /** What the loops are made of, for the log. */
  String name();

  /** A plan of its own for a convolution, where it is faster than a library's; else null. */
  default Convolution.@Nullable Plan plan(Convolution convolution) {
    return null;
  }

  /** Loops over lines that give the bits of the loops here; null if there are none. */
  default @Nullable NormLine line(NormLine.Form form) {
    return null;
  }

  /** {@code out[i] = op(a[i · aStep], b[i · bStep])}, or added to it; steps count elements. */
  void binary(
      Binary op,
      ByteBuffer a,
      int aAt,
      int aStep,
      ByteBuffer b,
      int bAt,
      int bStep,
      ByteBuffer out,
      int outAt,
      int n,
      boolean accumulate);

  /** {@code out = factor · x}, or added to it. */
  void scale(
      float factor, ByteBuffer x, int xAt, ByteBuffer out, int outAt, int n, boolean accumulate);

  /** {@code y = op(x)}. */
  void unary(Unary op, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n);

  /** As {@link io.tapestream.backend.Backend#rectify}, on n elements. */
  void rectify(
      float slope,
      float threshold,
      float ceiling,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      int n);

  /** As {@link io.tapestream.backend.Backend#rectifyGradient}, on n elements. */
  void rectifyGradient(
      float slope,
      float threshold,
      float ceiling,
      ByteBuffer x,
      int xAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt,
      int n,
      boolean accumulate);

  /** {@code y = activation(z + bias)} for rows of k elements; bias k elements. */
  void biasActivation(
      Activation activation,
      ByteBuffer z,
      int zAt,
      ByteBuffer bias,
      int biasAt,
      ByteBuffer y,
      int yAt,
      int rows,
      int k);

  /** {@code dz = dy · activation′(y)}. */
  void activationGradient(
      Activation activation,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dz,
      int dzAt,
      int n);

  /**
   * Adds the rows of x, k elements each, to {@code sums}. Sixteen rows are added side by side if k
   * is not a multiple of 16, so that short rows fill a vector too.
   */
  void addColumns(ByteBuffer x, int xAt, int rows, int k, float[] sums);

  /** Adds the squares of {@code x − center} over rows of k elements to {@code sums}. */
  void addSquares(ByteBuffer x, int xAt, int rows, int k, float[] center, float[] sums);

  /** How many sums of squares lie side by side, so that any vector of doubles fills. */
  int SQUARE_SUMS = 32;

  /**
   * Adds the square of element i to {@code sums[i mod 32]}.
   *
   * @param sums {@value #SQUARE_SUMS}
   */
  void addSquares(ByteBuffer x, int xAt, int n, double[] sums);

  /** Adds {@code (x − center) · z} over rows of k elements to {@code sums}. */
  void addProducts(
      ByteBuffer x, int xAt, ByteBuffer z, int zAt, int rows, int k, float[] center, float[] sums);

  /** {@code y = (x − center) · factor + shift} for rows of k elements. */
  void normalize(
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      int rows,
      int k,
      float[] center,
      float[] factor,
      float[] shift);

  /** {@code dx = dy · own + (x − center) · along + shift} for rows of k elements, or added. */
  void normalizeGradient(
      ByteBuffer x,
      int xAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt,
      int rows,
      int k,
      float[] center,
      float[] own,
      float[] along,
      float[] shift,
      boolean accumulate);

  /**
   * The state of one row of an LSTM's step, for units {@code from … u-1}: {@code c = f · before + i
   * · g}; the gates (i, f, g, o) lie side by side.
   */
  void lstmState(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer c,
      int cAt,
      int from,
      int u);

  /**
   * The gradient of one row of an LSTM's step, for units {@code from … u-1}; see {@link
   * io.tapestream.backend.Backend#lstm}.
   *
   * @param before c of the step before
   * @param activated activation(c)
   * @param dh the gradient of h
   * @param dc that which c got from the step after; replaced by that of {@code before}
   * @param dz that of the gates before their activations, overwritten
   */
  void lstmGradient(
      Activation recurrent,
      Activation activation,
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer dc,
      int dcAt,
      ByteBuffer dz,
      int dzAt,
      int from,
      int u);

  /**
   * Moves rows of {@code width} elements, in the order of the ids.
   *
   * @param ids {@code n} INT64, all of them rows of the table
   */
  void moveRows(
      RowMove move,
      ByteBuffer ids,
      int idsAt,
      int n,
      ByteBuffer rows,
      int rowsAt,
      ByteBuffer table,
      int tableAt,
      int width);

  /**
   * {@code y = max x} over pooling windows, for each of {@code channels} that lie side by side.
   *
   * @param windows whose maxima lie side by side
   * @param windowStep bytes of x from one window to the next
   * @param rows of a window
   * @param rowStep bytes from one to the next; columns are {@code 4 · channels} bytes apart
   * @param columns of a window
   */
  void maxOfWindows(
      int windows,
      int windowStep,
      int rows,
      int rowStep,
      int columns,
      int channels,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt);

  /**
   * The gradient of {@link #maxOfWindows} that have no element in common: the first element that
   * equals the maximum has it, the others have 0. Those of dx lie as those of x do.
   */
  void maxOfWindowsGradient(
      int windows,
      int windowStep,
      int rows,
      int rowStep,
      int columns,
      int channels,
      ByteBuffer x,
      int xAt,
      ByteBuffer y,
      int yAt,
      ByteBuffer dy,
      int dyAt,
      ByteBuffer dx,
      int dxAt);

  /**
   * For a row of pooling windows of {@code channels} maxima each, that column of each window which
   * lies at {@code rowFrom + w · rowStep}: an element that equals its window's maximum is added
   * what is given for the maximum, of which nothing is left for others.
   *
   * @param windows that have this column
   * @param first of them, counted in {@code largest} and {@code given}
   */
  void takeMaxima(
      int windows,
      int channels,
      float[] row,
      float[] gradient,
      int rowFrom,
      int rowStep,
      float[] largest,
      float[] given,
      int first);

  /**
   * Copies patches from an image into the rows of a matrix, zeros for the border.
   *
   * @param firstRun the first of {@code count} runs, which lie next to each other in the matrix
   */
  void gatherRuns(
      PatchRuns runs,
      int firstRun,
      int count,
      ByteBuffer image,
      int imageAt,
      ByteBuffer matrix,
      int matrixAt);

  /**
   * Adds patches to the image they lie in: the reverse of {@link #gatherRuns}, in the runs' order.
   */
  void scatterRuns(
      PatchRuns runs,
      int firstRun,
      int count,
      ByteBuffer image,
      int imageAt,
      ByteBuffer matrix,
      int matrixAt);
}
