package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The input gradient of a convolution over few channels, where libraries fill their vectors badly:
 * a filter's row, window width times channels, lies in {@value #VECTORS} vectors. For a row h of
 * the input and a window column q,
 *
 * <pre>
 *   dx[h, q·s … , ·] += Σ dz[p, q, o] · filter[i, ·, ·, o]     over all o and all (p, i) with p·s + i − pad = h
 * </pre>
 *
 * is summed in registers for {@value #COLUMNS} columns at once, and then added to the row.
 */
final class VectorInputGradient implements Convolution.Plan {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = FLOATS.length();
  private static final int VECTORS = 2;
  private static final int COLUMNS = 5;

  private final Convolution convolution;
  private final int outputHeight;
  private final int outputWidth;

  /** Window columns, rounded up to whole blocks; dz is 0 in those added. */
  private final int columns;

  /**
   * Per row of the input, where the terms of its sums lie: in the filter, and in dz for column 0.
   */
  private final int[][] filterTerms;

  private final int[][] dzTerms;

  /** The filter's rows as (window row, out, vectors), zeros behind each. */
  private final float[] filter;

  private final float[] filterRow;

  /** An image of dz as (output row, column, out). */
  private final float[] dz;

  /** A row of the input with its border. */
  private final float[] row;

  private VectorInputGradient(Convolution convolution) {
    Window window = convolution.window();
    int out = convolution.out();
    this.convolution = convolution;
    this.outputHeight = convolution.outputHeight();
    this.outputWidth = convolution.outputWidth();
    this.columns = (outputWidth + COLUMNS - 1) / COLUMNS * COLUMNS;
    this.filterTerms = new int[convolution.height()][];
    this.dzTerms = new int[convolution.height()][];
    for (int h = 0; h < convolution.height(); h++) {
      lay(h);
    }
    this.filter = new float[window.height() * out * VECTORS * LANES];
    this.filterRow = new float[convolution.patch() / window.height() * out];
    this.dz = new float[outputHeight * columns * out];
    int reached = ((columns - 1) * window.strideWidth()) * convolution.in() + VECTORS * LANES;
    int bordered = (convolution.width() + window.padLeft()) * convolution.in();
    this.row = new float[Math.max(reached, bordered)];
  }

  /**
   * The plan, or null for a convolution that it does not suit: others leave too many lanes empty.
   */
  static @Nullable VectorInputGradient of(Convolution convolution) {
    int filterRow = convolution.window().width() * convolution.in();
    boolean suits =
        convolution.product() == Convolution.Product.INPUT_GRADIENT
            && convolution.in() < LANES / 2
            && filterRow <= VECTORS * LANES
            && filterRow >= VECTORS * LANES * 7 / 8;
    return suits ? new VectorInputGradient(convolution) : null;
  }

  /** Finds the terms of row h: the window rows that reach it, each with every output channel. */
  private void lay(int h) {
    Window window = convolution.window();
    int out = convolution.out();
    int[] inFilter = new int[window.height() * out];
    int[] inDz = new int[window.height() * out];
    int terms = 0;
    for (int i = 0; i < window.height(); i++) {
      int reach = h + window.padTop() - i;
      int p = Math.floorDiv(reach, window.strideHeight());
      if (p * window.strideHeight() == reach && p >= 0 && p < outputHeight) {
        for (int o = 0; o < out; o++, terms++) {
          inFilter[terms] = (i * out + o) * VECTORS * LANES;
          inDz[terms] = p * columns * out + o;
        }
      }
    }
    filterTerms[h] = Arrays.copyOf(inFilter, terms);
    dzTerms[h] = Arrays.copyOf(inDz, terms);
  }

  @Override
  public void run(Tensor dzs, Tensor filters, @Nullable Tensor bias, Tensor dx) {
    pack(filters);
    int out = convolution.out();
    int in = convolution.in();
    int rowLength = convolution.width() * in;
    int blockStep = COLUMNS * convolution.window().strideWidth() * in;
    for (int image = 0; image < convolution.images(); image++) {
      for (int p = 0; p < outputHeight; p++) {
        int from = (image * outputHeight + p) * outputWidth * out;
        dzs.read(from, dz, p * columns * out, outputWidth * out);
      }
      for (int h = 0; h < convolution.height(); h++) {
        Arrays.fill(row, 0f);
        int at = 0;
        for (int q = 0; q < columns; q += COLUMNS, at += blockStep) {
          addBlock(filterTerms[h], dzTerms[h], q * out, at);
        }
        int to = (image * convolution.height() + h) * rowLength;
        dx.write(to, row, convolution.window().padLeft() * in, rowLength);
      }
    }
  }

  /**
   * Copies the filter (window row, window column and channel, out) to (window row, out, vectors).
   */
  private void pack(Tensor filters) {
    int out = convolution.out();
    int length = convolution.window().width() * convolution.in();
    for (int i = 0; i < convolution.window().height(); i++) {
      filters.read(i * filterRow.length, filterRow, 0, filterRow.length);
      for (int o = 0; o < out; o++) {
        int to = (i * out + o) * VECTORS * LANES;
        for (int j = 0; j < length; j++) {
          filter[to + j] = filterRow[j * out + o];
        }
      }
    }
  }

  /**
   * One flat loop over the terms, its sums in local variables: only so do they stay in registers.
   */
  private void addBlock(int[] inFilter, int[] inDz, int dzFrom, int at) {
    float[] f = filter;
    float[] z = dz;
    int out = convolution.out();
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector d0 = zero;
    FloatVector d1 = zero;
    FloatVector e0 = zero;
    FloatVector e1 = zero;
    for (int t = 0; t < inFilter.length; t++) {
      FloatVector f0 = FloatVector.fromArray(FLOATS, f, inFilter[t]);
      FloatVector f1 = FloatVector.fromArray(FLOATS, f, inFilter[t] + LANES);
      int from = dzFrom + inDz[t];
      FloatVector first = FloatVector.broadcast(FLOATS, z[from]);
      a0 = f0.fma(first, a0);
      a1 = f1.fma(first, a1);
      FloatVector second = FloatVector.broadcast(FLOATS, z[from + out]);
      b0 = f0.fma(second, b0);
      b1 = f1.fma(second, b1);
      FloatVector third = FloatVector.broadcast(FLOATS, z[from + 2 * out]);
      c0 = f0.fma(third, c0);
      c1 = f1.fma(third, c1);
      FloatVector fourth = FloatVector.broadcast(FLOATS, z[from + 3 * out]);
      d0 = f0.fma(fourth, d0);
      d1 = f1.fma(fourth, d1);
      FloatVector fifth = FloatVector.broadcast(FLOATS, z[from + 4 * out]);
      e0 = f0.fma(fifth, e0);
      e1 = f1.fma(fifth, e1);
    }
    int step = convolution.window().strideWidth() * convolution.in();
    add(a0, a1, at);
    add(b0, b1, at + step);
    add(c0, c1, at + 2 * step);
    add(d0, d1, at + 3 * step);
    add(e0, e1, at + 4 * step);
  }

  private void add(FloatVector lower, FloatVector upper, int at) {
    FloatVector.fromArray(FLOATS, row, at).add(lower).intoArray(row, at);
    FloatVector.fromArray(FLOATS, row, at + LANES).add(upper).intoArray(row, at + LANES);
  }

  @Override
  public void close() {
    // all its memory is on the heap
  }
}
