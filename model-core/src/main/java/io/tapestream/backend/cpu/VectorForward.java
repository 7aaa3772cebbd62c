package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * A convolution of images of one channel to few channels, where libraries fill their vectors badly.
 * A row of the output is computed as it lies in memory, columns and channels together: with every
 * pixel of the input repeated for each channel,
 *
 * <pre>
 *   y[p, l] = bias[l mod out] + Σ repeated[p·s + i, l + j·out] · filter[i, j, l mod out]     l = q·out + o
 * </pre>
 *
 * so that each vector holds neighbouring l. {@value #ROWS} rows are summed in registers at once.
 */
final class VectorForward implements Convolution.Plan {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = FLOATS.length();
  private static final int ROWS = 7;

  private final Convolution convolution;
  private final int outputHeight;

  /** Floats of a row of the output. */
  private final int rowLength;

  /** Floats of a row of repeated pixels, border and what a last vector reads beyond it included. */
  private final int repeatedLength;

  /** An image of one more border than it needs, every pixel repeated. */
  private final float[] repeated;

  private final float[] pixels;

  /**
   * Per element of the window, where its factors lie: among the repeated pixels for l = 0, and in
   * the filter.
   */
  private final int[] pixelTerms;

  private final int[] filterTerms;

  /**
   * Per element of the window its channels, over and over, as many as a vector reads from any
   * channel on.
   */
  private final float[] filter;

  private final float[] bias;
  private final float[] result;

  private VectorForward(Convolution convolution) {
    Window window = convolution.window();
    int out = convolution.out();
    this.convolution = convolution;
    this.outputHeight = convolution.outputHeight();
    this.rowLength = convolution.outputWidth() * out;
    int vectors = (rowLength + LANES - 1) / LANES * LANES;
    int bordered = convolution.width() + window.padLeft() + window.padRight();
    this.repeatedLength = Math.max(vectors + window.width() * out, bordered * out + LANES);
    int rows = convolution.height() + window.padTop() + window.padBottom();
    this.repeated = new float[rows * repeatedLength];
    this.pixels = new float[convolution.width()];
    this.pixelTerms = new int[window.height() * window.width()];
    this.filterTerms = new int[pixelTerms.length];
    for (int term = 0; term < pixelTerms.length; term++) {
      int i = term / window.width();
      int j = term % window.width();
      pixelTerms[term] = i * repeatedLength + j * out;
      filterTerms[term] = term * (out + LANES);
    }
    this.filter = new float[pixelTerms.length * (out + LANES)];
    this.bias = new float[out + LANES];
    this.result = new float[ROWS * vectors];
  }

  /** The plan, or null for a convolution that it does not suit. */
  static @Nullable VectorForward of(Convolution convolution) {
    boolean suits =
        convolution.product() == Convolution.Product.FORWARD
            && convolution.in() == 1
            && convolution.out() < LANES
            && convolution.window().strideWidth() == 1
            && convolution.outputHeight() >= ROWS;
    return suits ? new VectorForward(convolution) : null;
  }

  @Override
  public void run(Tensor x, Tensor filters, @Nullable Tensor biases, Tensor y) {
    pack(filters, biases);
    int imageLength = outputHeight * rowLength;
    for (int image = 0; image < convolution.images(); image++) {
      repeat(x, image);
      for (int row = 0; row < outputHeight; row += ROWS) {
        int first = Math.min(row, outputHeight - ROWS);
        computeRows(first);
        for (int r = 0; r < ROWS; r++) {
          int to = image * imageLength + (first + r) * rowLength;
          y.write(to, result, r * (result.length / ROWS), rowLength);
        }
      }
    }
  }

  private void pack(Tensor filters, @Nullable Tensor biases) {
    int out = convolution.out();
    for (int term = 0; term < filterTerms.length; term++) {
      filters.read(term * out, filter, filterTerms[term], out);
      repeat(filter, filterTerms[term], out);
    }
    if (biases != null) {
      biases.read(0, bias, 0, out);
      repeat(bias, 0, out);
    }
  }

  /** Continues a period for a vector's length. */
  private static void repeat(float[] values, int from, int period) {
    for (int i = from + period; i < from + period + LANES; i++) {
      values[i] = values[i - period];
    }
  }

  /** Writes each pixel over a whole vector; the next pixel takes back what is too much. */
  private void repeat(Tensor x, int image) {
    Window window = convolution.window();
    int out = convolution.out();
    int width = convolution.width();
    for (int h = 0; h < convolution.height(); h++) {
      x.read((image * convolution.height() + h) * width, pixels, 0, width);
      int at = (h + window.padTop()) * repeatedLength + window.padLeft() * out;
      for (int w = 0; w < width; w++, at += out) {
        FloatVector.broadcast(FLOATS, pixels[w]).intoArray(repeated, at);
      }
      Arrays.fill(repeated, at, at + LANES - out, 0f);
    }
  }

  private void computeRows(int firstRow) {
    int out = convolution.out();
    int step = convolution.window().strideHeight() * repeatedLength;
    int from = firstRow * step;
    int resultLength = result.length / ROWS;
    for (int l = 0; l < rowLength; l += LANES) {
      computeVectors(from + l, step, l % out, l, resultLength);
    }
  }

  /**
   * One flat loop over the terms, its sums in local variables: only so do they stay in registers.
   */
  private void computeVectors(int from, int step, int channel, int to, int toStep) {
    float[] x = repeated;
    float[] f = filter;
    FloatVector a = FloatVector.fromArray(FLOATS, bias, channel);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int t = 0; t < pixelTerms.length; t++) {
      FloatVector factor = FloatVector.fromArray(FLOATS, f, filterTerms[t] + channel);
      int at = from + pixelTerms[t];
      a = factor.fma(FloatVector.fromArray(FLOATS, x, at), a);
      b = factor.fma(FloatVector.fromArray(FLOATS, x, at + step), b);
      c = factor.fma(FloatVector.fromArray(FLOATS, x, at + 2 * step), c);
      d = factor.fma(FloatVector.fromArray(FLOATS, x, at + 3 * step), d);
      e = factor.fma(FloatVector.fromArray(FLOATS, x, at + 4 * step), e);
      g = factor.fma(FloatVector.fromArray(FLOATS, x, at + 5 * step), g);
      h = factor.fma(FloatVector.fromArray(FLOATS, x, at + 6 * step), h);
    }
    store(a, to);
    store(b, to + toStep);
    store(c, to + 2 * toStep);
    store(d, to + 3 * toStep);
    store(e, to + 4 * toStep);
    store(g, to + 5 * toStep);
    store(h, to + 6 * toStep);
  }

  private void store(FloatVector sum, int to) {
    (convolution.relu() ? sum.max(0f) : sum).intoArray(result, to);
  }

  @Override
  public void close() {
    // all its memory is on the heap
  }
}
