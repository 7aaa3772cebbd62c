package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Memory;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A convolution as matrix products: the patches under the filter's positions become the rows of a
 * matrix, for some output rows at a time, so that the matrix stays in the cache. It needs no
 * library but OpenBLAS.
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
  private final PatchRuns runs;
  private final int rowsAtOnce;
  private final Memory patches;

  PatchConvolution(Convolution convolution, Kernels kernels) {
    this.convolution = convolution;
    this.kernels = kernels;
    this.runs = PatchRuns.of(convolution);
    int rowFloats = convolution.outputWidth() * convolution.patch();
    int outputRows = convolution.images() * convolution.outputHeight();
    this.rowsAtOnce = Math.min(Math.max(1, MATRIX_FLOATS / rowFloats), outputRows);
    this.patches = Memory.allocate(4L * rowsAtOnce * rowFloats);
  }

  @Override
  public void run(Tensor left, Tensor right, @Nullable Tensor bias, Tensor result) {
    if (convolution.product() == Convolution.Product.INPUT_GRADIENT) {
      result.clear();
    }
    int patch = convolution.patch();
    int out = convolution.out();
    long matrix = patches.address();
    int outputRows = convolution.images() * convolution.outputHeight();
    for (int row = 0; row < outputRows; row += rowsAtOnce) {
      int rows = Math.min(rowsAtOnce, outputRows - row);
      int positions = rows * convolution.outputWidth();
      int outFrom = 4 * row * convolution.outputWidth() * out;
      switch (convolution.product()) {
        case FORWARD -> {
          eachRow(row, rows, left, kernels::gatherRuns);
          long y = result.address() + outFrom;
          multiply(false, false, positions, out, patch, matrix, right.address(), y, false);
          finish(result, outFrom, positions, bias);
        }
        case INPUT_GRADIENT -> {
          long dz = left.address() + outFrom;
          multiply(false, true, positions, patch, out, dz, right.address(), matrix, false);
          eachRow(row, rows, result, kernels::scatterRuns);
        }
        case FILTER_GRADIENT -> {
          eachRow(row, rows, left, kernels::gatherRuns);
          long dz = right.address() + outFrom;
          multiply(true, false, patch, out, positions, matrix, dz, result.address(), row > 0);
        }
      }
    }
  }

  private static void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      long b,
      long c,
      boolean accumulate) {
    OpenBlas.sgemm(MatrixProduct.of(transposeA, transposeB, m, n, k, accumulate), a, b, c);
  }

  /** {@link Kernels#gatherRuns} or its reverse. */
  private interface Movement {
    void move(
        PatchRuns runs,
        int firstRun,
        int count,
        ByteBuffer image,
        int imageAt,
        ByteBuffer matrix,
        int matrixAt);
  }

  /**
   * Moves the patches of some output rows, counted over the batch, between images and the matrix.
   */
  private void eachRow(int firstRow, int rows, Tensor images, Movement movement) {
    int imageBytes = 4 * convolution.height() * convolution.width() * convolution.in();
    int runsPerRow = convolution.outputWidth() * convolution.window().height();
    int rowBytes = 4 * convolution.outputWidth() * convolution.patch();
    for (int i = 0; i < rows; i++) {
      int image = (firstRow + i) / convolution.outputHeight();
      int row = (firstRow + i) % convolution.outputHeight();
      movement.move(
          runs,
          row * runsPerRow,
          runsPerRow,
          images.buffer(),
          images.byteOffset() + image * imageBytes,
          patches.buffer(),
          i * rowBytes);
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

  @Override
  public void close() {
    patches.close();
  }
}
