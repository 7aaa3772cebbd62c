package io.tapestream.backend.cpu;

import static java.lang.ref.Reference.reachabilityFence;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import io.tapestream.backend.Window;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Computes in float32 with OpenBLAS, oneDNN and fused kernels, each call on its caller's thread
 * alone. Integers are only moved, and read where a primitive takes them.
 *
 * <p>Kernels and libraries work on bare addresses, which the garbage collector does not see; so
 * each primitive holds its tensors until it returns.
 */
final class CpuBackend extends CpuLayers {
  /** Elements of a piece that stays in the first-level cache between two passes. */
  private static final int PIECE = 4096;

  private final Kernels kernels;
  private final MatrixProducts products;
  private final Convolutions convolutions;

  /**
   * A backend on some kernels.
   *
   * @param oneDnn whether oneDNN is there to be used
   */
  CpuBackend(Kernels kernels, boolean oneDnn) {
    super(kernels, oneDnn);
    this.kernels = kernels;
    this.products = new MatrixProducts(oneDnn);
    this.convolutions = new Convolutions(kernels, oneDnn);
  }

  @Override
  public String name() {
    return CpuProvider.NAME;
  }

  @Override
  public boolean supports(DType dtype) {
    return dtype == DType.FLOAT32;
  }

  /**
   * Keeps tensors alive up to the end of a primitive; one that fails needs none of them any more.
   */
  @SuppressWarnings("ReachabilityFenceUsage")
  private static void hold(Object a, Object b) {
    reachabilityFence(a);
    reachabilityFence(b);
  }

  private static void hold(Object a, Object b, Object c) {
    hold(a, b);
    hold(b, c);
  }

  private static void hold(Object a, Object b, Object c, @Nullable Object d) {
    hold(a, b);
    hold(c, d == null ? c : d);
  }

  // Elements

  @Override
  public void fill(Tensor out, double value) {
    ByteBuffer buffer = out.buffer();
    int at = out.byteOffset();
    for (int i = 0; i < out.size(); i++) {
      switch (out.dtype()) {
        case FLOAT32 -> buffer.putFloat(at + 4 * i, (float) value);
        case FLOAT64 -> buffer.putDouble(at + 8 * i, value);
        case INT64 -> buffer.putLong(at + 8 * i, (long) value);
      }
    }
    hold(out, out);
  }

  @Override
  public void copy(Tensor in, Tensor out) {
    Rearranging.copy(in, out);
    hold(in, out);
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out, boolean accumulate) {
    ByteBuffer left = a.buffer();
    ByteBuffer right = b.buffer();
    ByteBuffer to = out.buffer();
    int leftAt = a.byteOffset();
    int rightAt = b.byteOffset();
    int outAt = out.byteOffset();
    if (a.size() == out.size() && b.size() == out.size()) {
      Parts.ofElements(
          out.size(),
          (from, end) ->
              kernels.binary(
                  op,
                  left,
                  leftAt + 4 * from,
                  1,
                  right,
                  rightAt + 4 * from,
                  1,
                  to,
                  outAt + 4 * from,
                  end - from,
                  accumulate));
    } else {
      Nest nest =
          new Nest(
              out.shape(),
              Nest.broadcast(a.shape(), out.shape()),
              Nest.broadcast(b.shape(), out.shape()),
              Nest.contiguous(out.shape()));
      nest.run(
          offsets ->
              kernels.binary(
                  op,
                  left,
                  leftAt + 4 * offsets[0],
                  nest.step(0),
                  right,
                  rightAt + 4 * offsets[1],
                  nest.step(1),
                  to,
                  outAt + 4 * offsets[2],
                  nest.length(),
                  accumulate));
    }
    hold(a, b, out);
  }

  @Override
  public void scale(double factor, Tensor x, Tensor out, boolean accumulate) {
    if (x.size() == out.size()) {
      ByteBuffer given = x.buffer();
      ByteBuffer to = out.buffer();
      Parts.ofElements(
          x.size(),
          (from, end) ->
              kernels.scale(
                  (float) factor,
                  given,
                  x.byteOffset() + 4 * from,
                  to,
                  out.byteOffset() + 4 * from,
                  end - from,
                  accumulate));
    } else {
      Elements.scaleRepeated((float) factor, x, out, accumulate);
    }
    hold(x, out);
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor y) {
    ByteBuffer given = x.buffer();
    ByteBuffer to = y.buffer();
    Parts.ofElements(
        x.size(),
        (from, end) ->
            kernels.unary(
                op, given, x.byteOffset() + 4 * from, to, y.byteOffset() + 4 * from, end - from));
    hold(x, y);
  }

  @Override
  public void unaryGradient(
      Unary op, Tensor x, Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    Elements.unaryGradient(op, x, y, dy, dx, accumulate);
    hold(x, y, dy, dx);
  }

  @Override
  public void clip(Tensor x, double low, double high, Tensor y) {
    Elements.clip(x, (float) low, (float) high, y);
    hold(x, y);
  }

  @Override
  public void clipGradient(
      Tensor x, double low, double high, Tensor dy, Tensor dx, boolean accumulate) {
    Elements.clipGradient(x, (float) low, (float) high, dy, dx, accumulate);
    hold(x, dy, dx);
  }

  @Override
  public void rectify(Tensor x, double slope, double threshold, double ceiling, Tensor y) {
    ByteBuffer given = x.buffer();
    ByteBuffer to = y.buffer();
    Parts.ofElements(
        x.size(),
        (from, end) ->
            kernels.rectify(
                (float) slope,
                (float) threshold,
                (float) ceiling,
                given,
                x.byteOffset() + 4 * from,
                to,
                y.byteOffset() + 4 * from,
                end - from));
    hold(x, y);
  }

  @Override
  public void rectifyGradient(
      Tensor x,
      double slope,
      double threshold,
      double ceiling,
      Tensor dy,
      Tensor dx,
      boolean accumulate) {
    ByteBuffer inputs = x.buffer();
    ByteBuffer given = dy.buffer();
    ByteBuffer to = dx.buffer();
    Parts.ofElements(
        x.size(),
        (from, end) ->
            kernels.rectifyGradient(
                (float) slope,
                (float) threshold,
                (float) ceiling,
                inputs,
                x.byteOffset() + 4 * from,
                given,
                dy.byteOffset() + 4 * from,
                to,
                dx.byteOffset() + 4 * from,
                end - from,
                accumulate));
    hold(x, dy, dx);
  }

  // Layers' mathematics

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, boolean accumulate) {
    int k = transposeA ? a.dim(0) : a.dim(1);
    if (k == 0 || out.size() == 0) {
      if (!accumulate) {
        out.clear();
      }
      return;
    }
    products.run(
        MatrixProduct.of(transposeA, transposeB, out.dim(0), out.dim(1), k, accumulate),
        a.address(),
        b.address(),
        out.address());
    hold(a, b, out);
  }

  @Override
  public void biasActivation(Tensor z, Tensor bias, Activation activation, Tensor y) {
    int k = bias.size();
    ByteBuffer from = z.buffer();
    ByteBuffer added = bias.buffer();
    ByteBuffer to = y.buffer();
    Parts.ofRows(
        k == 0 ? 0 : z.size() / k,
        k,
        (row, end) ->
            kernels.biasActivation(
                activation,
                from,
                z.byteOffset() + 4 * row * k,
                added,
                bias.byteOffset(),
                to,
                y.byteOffset() + 4 * row * k,
                end - row,
                k));
    hold(z, bias, y);
  }

  /**
   * Works piece by piece, so that a piece's dz is still in the cache when its columns are summed.
   */
  @Override
  public void biasActivationGradient(
      Activation activation,
      Tensor y,
      Tensor dy,
      Tensor dz,
      @Nullable Tensor dbias,
      boolean accumulateBias) {
    int k = y.rank() == 0 ? 1 : y.dim(-1);
    int rows = k == 0 ? 0 : y.size() / k;
    int rowsOfAPart = Parts.rowsOfAPart(k);
    float[][] totals = new float[(rows + rowsOfAPart - 1) / rowsOfAPart][dbias == null ? 0 : k];
    Parts.of(
        rows,
        rowsOfAPart,
        (from, to) ->
            biasActivationGradient(activation, y, dy, dz, from, to, totals[from / rowsOfAPart]));
    for (int j = 0; dbias != null && j < k; j++) {
      float total = 0;
      for (float[] part : totals) {
        total += part[j];
      }
      PlainKernels.put(dbias.buffer(), dbias.byteOffset() + 4 * j, total, accumulateBias);
    }
    hold(y, dy, dz, dbias);
  }

  /** Of rows {@code from … to-1}, whose columns are added to the totals, if there are any. */
  private void biasActivationGradient(
      Activation activation, Tensor y, Tensor dy, Tensor dz, int from, int to, float[] totals) {
    int k = y.rank() == 0 ? 1 : y.dim(-1);
    int rowsAtOnce = Math.max(1, PIECE / Math.max(k, 1));
    ByteBuffer outputs = y.buffer();
    ByteBuffer given = dy.buffer();
    ByteBuffer gradients = dz.buffer();
    float[] piece = new float[totals.length];
    for (int row = from; row < to; row += rowsAtOnce) {
      int count = Math.min(rowsAtOnce, to - row);
      int at = 4 * row * k;
      int dzAt = dz.byteOffset() + at;
      kernels.activationGradient(
          activation,
          outputs,
          y.byteOffset() + at,
          given,
          dy.byteOffset() + at,
          gradients,
          dzAt,
          count * k);
      if (totals.length > 0) {
        kernels.addColumns(gradients, dzAt, count, k, piece);
        for (int j = 0; j < k; j++) {
          totals[j] += piece[j];
          piece[j] = 0f;
        }
      }
    }
  }

  // Rows

  @Override
  public void softmax(Tensor x, Tensor y) {
    Rows.softmax(x, y);
    hold(x, y);
  }

  @Override
  public void softmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    Rows.softmaxGradient(y, dy, dx, accumulate);
    hold(y, dy, dx);
  }

  @Override
  public void logSoftmax(Tensor x, Tensor y) {
    Rows.logSoftmax(x, y);
    hold(x, y);
  }

  @Override
  public void logSoftmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    Rows.logSoftmaxGradient(y, dy, dx, accumulate);
    hold(y, dy, dx);
  }

  @Override
  public void softmaxCrossEntropy(
      Tensor logits, Tensor labels, Tensor losses, Tensor probabilities) {
    Rows.softmaxCrossEntropy(logits, labels, losses, probabilities);
    hold(logits, labels, losses, probabilities);
  }

  @Override
  public void softmaxCrossEntropyGradient(
      Tensor probabilities, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate) {
    Rows.softmaxCrossEntropyGradient(probabilities, labels, dlosses, dlogits, accumulate);
    hold(probabilities, labels, dlosses, dlogits);
  }

  @Override
  public void sigmoidCrossEntropy(Tensor logits, Tensor labels, Tensor losses) {
    Rows.sigmoidCrossEntropy(logits, labels, losses);
    hold(logits, labels, losses);
  }

  @Override
  public void sigmoidCrossEntropyGradient(
      Tensor logits, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate) {
    Rows.sigmoidCrossEntropyGradient(logits, labels, dlosses, dlogits, accumulate);
    hold(logits, labels, dlosses, dlogits);
  }

  @Override
  public void oneHot(Tensor indices, Tensor out) {
    Rows.oneHot(indices, out);
    hold(indices, out);
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    moveRows(RowMove.GATHER, ids, out, table);
  }

  @Override
  public void scatterAddRows(Tensor ids, Tensor rows, Tensor table) {
    moveRows(RowMove.ADD, ids, rows, table);
  }

  @Override
  public void setRows(Tensor ids, Tensor rows, Tensor table) {
    moveRows(RowMove.SET, ids, rows, table);
  }

  private void moveRows(RowMove move, Tensor ids, Tensor rows, Tensor table) {
    Rearranging.requireRows(ids, table.dim(0));
    kernels.moveRows(
        move,
        ids.buffer(),
        ids.byteOffset(),
        ids.size(),
        rows.buffer(),
        rows.byteOffset(),
        table.buffer(),
        table.byteOffset(),
        table.dim(1));
    hold(ids, rows, table);
  }

  // Reductions

  @Override
  public void sum(double factor, Tensor x, Tensor out, boolean accumulate) {
    Reductions.sum(kernels, factor, x, out, accumulate);
    hold(x, out);
  }

  @Override
  public double squares(Tensor x) {
    double[] sums = new double[Kernels.SQUARE_SUMS];
    kernels.addSquares(x.buffer(), x.byteOffset(), x.size(), sums);
    hold(x, x);
    double total = 0;
    for (double sum : sums) {
      total += sum;
    }
    return total;
  }

  @Override
  public void max(Tensor x, Tensor out) {
    Reductions.max(x, out);
    hold(x, out);
  }

  @Override
  public void argmax(Tensor x, Tensor out) {
    Reductions.argmax(x, out);
    hold(x, out);
  }

  // Rearranging

  @Override
  public void permute(Tensor x, int[] axes, Tensor out, boolean accumulate) {
    Rearranging.permute(x, axes, out, accumulate);
    hold(x, out);
  }

  @Override
  public void copyRange(
      Tensor x, int xFrom, Tensor out, int outFrom, int axis, int length, boolean accumulate) {
    Rearranging.copyRange(x, xFrom, out, outFrom, axis, length, accumulate);
    hold(x, out);
  }

  // Images

  @Override
  public void conv2d(
      Tensor x,
      Tensor filter,
      @Nullable Tensor bias,
      Activation activation,
      Window window,
      Tensor y) {
    convolutions.forward(x, filter, bias, activation, window, y);
    hold(x, filter, y, bias);
  }

  @Override
  public void conv2dInputGradient(
      Tensor dz, Tensor filter, Window window, Tensor dx, boolean accumulate) {
    convolutions.inputGradient(dz, filter, window, dx, accumulate);
    hold(dz, filter, dx);
  }

  @Override
  public void conv2dFilterGradient(
      Tensor x, Tensor dz, Window window, Tensor dfilter, boolean accumulate) {
    convolutions.filterGradient(x, dz, window, dfilter, accumulate);
    hold(x, dz, dfilter);
  }

  @Override
  public void maxPool2d(Tensor x, Window window, Tensor y) {
    byImages(
        x,
        (from, to) ->
            new Pooling(x.slice(from, to), window)
                .max(kernels, x.slice(from, to), y.slice(from, to)));
    hold(x, y);
  }

  @Override
  public void maxPool2dGradient(
      Tensor x, Tensor y, Tensor dy, Window window, Tensor dx, boolean accumulate) {
    byImages(
        x,
        (from, to) ->
            new Pooling(x.slice(from, to), window)
                .maxGradient(
                    kernels,
                    x.slice(from, to),
                    y.slice(from, to),
                    dy.slice(from, to),
                    dx.slice(from, to),
                    accumulate));
    hold(x, y, dy, dx);
  }

  @Override
  public void averagePool2d(Tensor x, Window window, Tensor y) {
    byImages(
        x,
        (from, to) ->
            new Pooling(x.slice(from, to), window).average(x.slice(from, to), y.slice(from, to)));
    hold(x, y);
  }

  @Override
  public void averagePool2dGradient(Tensor dy, Window window, Tensor dx, boolean accumulate) {
    byImages(
        dx,
        (from, to) ->
            new Pooling(dx.slice(from, to), window)
                .averageGradient(dy.slice(from, to), dx.slice(from, to), accumulate));
    hold(dy, dx);
  }

  private static void byImages(Tensor images, Parts.Range work) {
    int n = images.dim(0);
    Parts.ofSlices(n, n == 0 ? 1 : Parts.rowsOfAPart(images.size() / n), work);
  }

  // Chance

  @Override
  public void dropout(Tensor x, double rate, long key, int firstRow, Tensor y, boolean accumulate) {
    Elements.dropout(x, rate, key, firstRow, y, accumulate);
    hold(x, y);
  }
}
