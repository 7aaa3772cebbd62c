package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vector kernels give the bits of the plain ones: in every lane, in the rest of a loop, for
 * every special value.
 */
class KernelsTest {
  private static final int[] LENGTHS = {0, 1, 7, 16, 31, 64, 131};
  private static final int OFFSET = 12;
  private static final int REPEATS = 3;

  private final Kernels plain = new PlainKernels();
  private final Kernels vector = new VectorKernels();

  private interface Computation {
    void run(Kernels kernels, ByteBuffer a, ByteBuffer b, ByteBuffer out);
  }

  @ParameterizedTest
  @EnumSource
  void binaryOperationsGiveTheSameBits(Binary op) {
    for (int n : LENGTHS) {
      for (int step = 0; step < 4; step++) {
        int aStep = step & 1;
        int bStep = step >> 1;
        for (boolean accumulate : new boolean[] {false, true}) {
          assertSameBits(
              (kernels, a, b, out) ->
                  kernels.binary(
                      op, a, OFFSET, aStep, b, OFFSET, bStep, out, OFFSET, n, accumulate));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void functionsOfOneArgumentGiveTheSameBits(Unary op) {
    for (int n : LENGTHS) {
      assertSameBits((kernels, a, b, out) -> kernels.unary(op, a, OFFSET, out, OFFSET, n));
    }
  }

  @ParameterizedTest
  @EnumSource
  void activationsAndTheirGradientsGiveTheSameBits(Activation activation) {
    for (int n : LENGTHS) {
      for (int k : new int[] {1, 6, 16, 33}) {
        int rows = n / k;
        assertSameBits(
            (kernels, a, b, out) ->
                kernels.biasActivation(activation, a, OFFSET, b, OFFSET, out, OFFSET, rows, k));
      }
      assertSameBits(
          (kernels, a, b, out) ->
              kernels.activationGradient(activation, a, OFFSET, b, OFFSET, out, OFFSET, n));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scalingGivesTheSameBits(boolean accumulate) {
    for (int n : LENGTHS) {
      assertSameBits(
          (kernels, a, b, out) -> kernels.scale(-1.7f, a, OFFSET, out, OFFSET, n, accumulate));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rectifyingGivesTheSameBits(boolean accumulate) {
    for (int n : LENGTHS) {
      for (float ceiling : new float[] {0.7f, Float.POSITIVE_INFINITY}) {
        assertSameBits(
            (kernels, a, b, out) ->
                kernels.rectify(0.2f, 0.1f, ceiling, a, OFFSET, out, OFFSET, n));
        assertSameBits(
            (kernels, a, b, out) ->
                kernels.rectifyGradient(
                    0.2f, 0.1f, ceiling, a, OFFSET, b, OFFSET, out, OFFSET, n, accumulate));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 16})
  void poolsGiveTheSameBits(int channels) {
    int rowStep = 4 * 4 * channels;
    int step = 4 * channels;
    for (int columns = 2; columns <= 3; columns++) {
      int width = columns;
      int windows = 4 - width;
      assertSameBits(
          (kernels, a, b, out) ->
              kernels.maxOfWindows(
                  windows, step, 2, rowStep, width, channels, a, OFFSET, out, OFFSET));
      assertSameBits(
          (kernels, a, b, out) -> {
            kernels.maxOfWindows(1, step, 2, rowStep, width, channels, a, OFFSET, out, 704);
            kernels.maxOfWindowsGradient(
                1, step, 2, rowStep, width, channels, a, OFFSET, out, 704, b, OFFSET, out, OFFSET);
          });
    }
    assertSameBits(
        (kernels, a, b, out) -> {
          float[] row = new float[6 * channels];
          float[] largest = new float[2 * channels];
          float[] given = new float[2 * channels];
          float[] gradient = new float[6 * channels];
          for (int i = 0; i < row.length; i++) {
            row[i] = a.getFloat(4 * i);
          }
          for (int i = 0; i < given.length; i++) {
            given[i] = b.getFloat(4 * i);
            largest[i] = i % 3 == 0 ? b.getFloat(4 * i) : row[channels + i];
          }
          kernels.takeMaxima(2, channels, row, gradient, channels, channels, largest, given, 0);
          for (int i = 0; i < row.length; i++) {
            out.putFloat(4 * i, gradient[i]);
          }
          for (int i = 0; i < given.length; i++) {
            out.putFloat(4 * (row.length + i), given[i]);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 16})
  void movingRowsGivesTheSameBits(int width) {
    for (RowMove move : RowMove.values()) {
      assertSameBits(
          (kernels, a, b, out) -> {
            ByteBuffer ids = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
            for (int i = 0; i < 4; i++) {
              ids.putLong(8 * i, new long[] {2, 0, 2, 1}[i]);
            }
            boolean gathers = move == RowMove.GATHER;
            kernels.moveRows(
                move, ids, 0, 4, gathers ? out : a, OFFSET, gathers ? a : out, OFFSET, width);
          });
    }
  }

  @Test
  void sumsOfColumnsGiveTheSameBits() {
    for (int k : new int[] {1, 3, 6, 16, 21, 40}) {
      int rows = 200 / k;
      assertSameBits(
          (kernels, a, b, out) -> {
            float[] sums = new float[k];
            kernels.addColumns(b, OFFSET, rows, k, sums);
            for (int j = 0; j < k; j++) {
              out.putFloat(4 * j, sums[j]);
            }
          });
    }
  }

  @Test
  void sumsOfSquaresGiveTheSameBits() {
    for (int n : LENGTHS) {
      assertSameBits(
          (kernels, a, b, out) -> {
            double[] sums = new double[Kernels.SQUARE_SUMS];
            kernels.addSquares(b, OFFSET, n, sums);
            for (int j = 0; j < sums.length; j++) {
              out.putDouble(8 * j, sums[j]);
            }
          });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 33})
  void normalizationGivesTheSameBits(int k) {
    int rows = 120 / k;
    float[] center = new float[k];
    float[] factor = new float[k];
    float[] shift = new float[k];
    for (int j = 0; j < k; j++) {
      center[j] = 0.3f * j;
      factor[j] = 1.7f - j;
      shift[j] = 0.1f + j;
    }
    assertSameBits(
        (kernels, a, b, out) ->
            kernels.normalize(a, OFFSET, out, OFFSET, rows, k, center, factor, shift));
    for (boolean accumulate : new boolean[] {false, true}) {
      assertSameBits(
          (kernels, a, b, out) ->
              kernels.normalizeGradient(
                  a,
                  OFFSET,
                  b,
                  OFFSET,
                  out,
                  OFFSET,
                  rows,
                  k,
                  center,
                  factor,
                  shift,
                  center,
                  accumulate));
    }
    assertSameBits(
        (kernels, a, b, out) -> {
          float[] squares = new float[k];
          float[] products = new float[k];
          kernels.addSquares(b, OFFSET, rows, k, center, squares);
          kernels.addProducts(b, OFFSET, a, OFFSET, rows, k, center, products);
          for (int j = 0; j < k; j++) {
            out.putFloat(8 * j, squares[j]);
            out.putFloat(8 * j + 4, products[j]);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void anLstmsStepAndItsGradientGiveTheSameBits(Activation activation) {
    for (int u : new int[] {1, 7, 16, 21}) {
      assertSameBits(
          (kernels, a, b, out) ->
              kernels.lstmGradient(
                  Activation.SIGMOID,
                  activation,
                  a,
                  OFFSET,
                  b,
                  OFFSET,
                  b,
                  OFFSET + 4 * u,
                  b,
                  OFFSET + 8 * u,
                  out,
                  OFFSET,
                  out,
                  OFFSET + 4 * u,
                  0,
                  u));
      assertSameBits(
          (kernels, a, b, out) -> kernels.lstmState(a, OFFSET, b, OFFSET, out, OFFSET, 0, u));
    }
  }

  /** Runs often enough that the compiler's code is compared too. */
  private void assertSameBits(Computation computation) {
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      assertThat(bits(plain, computation, repeat))
          .containsExactly(bits(vector, computation, repeat));
    }
  }

  private static int[] bits(Kernels kernels, Computation computation, int seed) {
    try (Memory a = Memory.allocate(1024);
        Memory b = Memory.allocate(1024);
        Memory out = Memory.allocate(1024)) {
      Random random = new Random(seed);
      fill(a.buffer(), random, true);
      fill(b.buffer(), random, false);
      fill(out.buffer(), random, false);
      computation.run(kernels, a.buffer(), b.buffer(), out.buffer());
      int[] bits = new int[256];
      for (int i = 0; i < bits.length; i++) {
        // equal as numbers: which NaN it is may differ
        bits[i] = Float.floatToIntBits(out.buffer().getFloat(4 * i));
      }
      return bits;
    }
  }

  private static void fill(ByteBuffer buffer, Random random, boolean specials) {
    float[] special = {
      0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 95f, -95f
    };
    for (int i = 0; i < 256; i++) {
      float value = (float) (random.nextGaussian() * (i % 3 == 0 ? 20 : 1));
      buffer.putFloat(4 * i, specials && i % 11 == 5 ? special[i / 11 % special.length] : value);
    }
  }
}
