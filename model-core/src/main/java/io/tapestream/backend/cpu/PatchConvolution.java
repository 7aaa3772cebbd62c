package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Unary;
import io.tapestream.backend.Window;
import io.tapestream.tensor.Memory;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A convolution as matrix products: the patches under the filter's positions become the rows of a
 * matrix, some output rows at a time, so that the matrix stays in the cache. It needs no library
 * but OpenBLAS.
 *
 * <pre>
 *   forward          y       = patches · filter      (positions, patch) · (patch, out)
 *   input gradient   patches = dz · filterᵀ          and each patch is added back to where it came from
 *   filter gradient  dfilter = Σ patchesᵀ · dz
 * </pre>
 */
final class PatchConvolution implements Convolution.Plan {
  private static final int MATRIX_FLOATS = 64 * 1024;

  private final Convolution convolution;
  private final Kernels kernels;
  private final int outputRows;
  private final int rowsAtOnce;
  private final Memory patches;

  PatchConvolution(Convolution convolution, Kernels kernels) {
    this.convolution = convolution;
    this.kernels = kernels;
    this.outputRows = convolution.images() * convolution.outputHeight();
    int rowFloats = convolution.outputWidth() * convolution.patch();
    this.rowsAtOnce = Math.max(1, MATRIX_FLOATS / rowFloats);
    this.patches = Memory.allocate(4L * rowsAtOnce * rowFloats);
  }

  @Override
  public void run(Tensor left, Tensor right, @Nullable Tensor bias, Tensor result) {
    if (convolution.product() == Convolution.Product.INPUT_GRADIENT) {
      result.clear();
    }
    for (int row = 0; row < outputRows; row += rowsAtOnce) {
      int rows = Math.min(rowsAtOnce, outputRows - row);
      int positions = rows * convolution.outputWidth();
      int outFrom = 4 * row * convolution.outputWidth() * convolution.out();
      int patch = convolution.patch();
      int out = convolution.out();
      long matrix = patches.address();
      switch (convolution.product()) {
        case FORWARD -> {
          gather(left, row, rows);
          long y = result.address() + outFrom;
          OpenBlas.sgemm(false, false, positions, out, patch, matrix, right.address(), y, false);
          finish(result, outFrom, positions, bias);
        }
        case INPUT_GRADIENT -> {
          long dz = left.address() + outFrom;
          OpenBlas.sgemm(false, true, positions, patch, out, dz, right.address(), matrix, false);
          scatter(result, row, rows);
        }
        case FILTER_GRADIENT -> {
          gather(left, row, rows);
          long dz = right.address() + outFrom;
          OpenBlas.sgemm(true, false, patch, out, positions, matrix, dz, result.address(), row > 0);
        }
      }
    }
  }

  /** Adds the bias to some positions and activates them. */
  private void finish(Tensor y, int from, int positions, @Nullable Tensor bias) {
    ByteBuffer buffer = y.buffer();
    int at = y.byteOffset() + from;
    int out = convolution.out();
    if (bias != null) {
      Activation activation = convolution.relu() ? Activation.RELU : Activation.LINEAR;
      ByteBuffer added = bias.buffer();
      int addedAt = bias.byteOffset();
      kernels.biasActivation(activation, buffer, at, added, addedAt, buffer, at, positions, out);
    } else if (convolution.relu()) {
      kernels.unary(Unary.RELU, buffer, at, buffer, at, positions * out);
    }
  }

  /**
   * Copies the patches of some output rows into the matrix, zeros where they reach over the border.
   */
  private void gather(Tensor x, int firstRow, int rows) {
    ByteBuffer image = x.buffer();
    ByteBuffer matrix = patches.buffer();
    int runBytes = 4 * convolution.window().width() * convolution.in();
    int to = 0;
    for (int row = firstRow; row < firstRow + rows; row++) {
      for (int q = 0; q < convolution.outputWidth(); q++) {
        for (int i = 0; i < convolution.window().height(); i++, to += runBytes) {
          Run run = run(row, q, i);
          int end = to + runBytes;
          int at = to;
          for (; at < to + run.skip; at += 4) {
            matrix.putFloat(at, 0f);
          }
          int from = x.byteOffset() + run.from;
          for (int stop = at + run.bytes; at < stop; at += 4, from += 4) {
            matrix.putFloat(at, image.getFloat(from));
          }
          for (; at < end; at += 4) {
            matrix.putFloat(at, 0f);
          }
        }
      }
    }
  }

  /** Adds the matrix's patches to the pixels they cover. */
  private void scatter(Tensor dx, int firstRow, int rows) {
    ByteBuffer image = dx.buffer();
    ByteBuffer matrix = patches.buffer();
    int runBytes = 4 * convolution.window().width() * convolution.in();
    int from = 0;
    for (int row = firstRow; row < firstRow + rows; row++) {
      for (int q = 0; q < convolution.outputWidth(); q++) {
        for (int i = 0; i < convolution.window().height(); i++, from += runBytes) {
          Run run = run(row, q, i);
          int at = dx.byteOffset() + run.from;
          int source = from + run.skip;
          for (int stop = at + run.bytes; at < stop; at += 4, source += 4) {
            image.putFloat(at, image.getFloat(at) + matrix.getFloat(source));
          }
        }
      }
    }
  }

  /**
   * The pixels under row i of the window at one position: the part of them that lies in the image.
   */
  private Run run(int row, int q, int i) {
    Window window = convolution.window();
    int y = row % convolution.outputHeight() * window.strideHeight() + i - window.padTop();
    int left = q * window.strideWidth() - window.padLeft();
    int pixel = 4 * convolution.in();
    if (y < 0 || y >= convolution.height()) {
      return new Run(window.width() * pixel, 0, 0);
    }
    int skipped = Math.max(-left, 0);
    int end = Math.min(left + window.width(), convolution.width());
    int image = row / convolution.outputHeight();
    int from = ((image * convolution.height() + y) * convolution.width() + left + skipped) * pixel;
    return new Run(skipped * pixel, from, Math.max(end - left - skipped, 0) * pixel);
  }

  /**
   * A row of a patch, in bytes.
   *
   * @param skip before the first that lies in the image
   * @param from where that one is in the batch
   * @param bytes that lie in the image
   */
  private record Run(int skip, int from, int bytes) {}

  @Override
  public void close() {
    patches.close();
  }
}
