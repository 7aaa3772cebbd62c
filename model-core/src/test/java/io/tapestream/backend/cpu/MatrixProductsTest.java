package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.backend.Crew;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a crew's scope acts by being open
class MatrixProductsTest {
  private static final float MARGIN = 7f;
  private static final int MARGIN_FLOATS = 64;

  private final MatrixProducts products =
      new MatrixProducts("1".equals(System.getenv("OMP_NUM_THREADS")));
  private final Random random = new Random(5);

  @BeforeAll
  static void load() {
    OpenBlas.load();
  }

  /** Those that OpenBLAS computes, those that oneDNN does, and those that are cut. */
  @ParameterizedTest
  @CsvSource({
    "3,5,7",
    "32,10,128",
    "40,50,60",
    "70,130,90",
    "300,40,200",
    "40,700,100",
    "1,300,700"
  })
  void productsAreThoseOfTheFormula(int m, int n, int k) {
    for (int form = 0; form < 8; form++) {
      MatrixProduct product =
          MatrixProduct.of((form & 1) != 0, (form & 2) != 0, m, n, k, (form & 4) != 0);
      Tensor a = normal(m * k);
      Tensor b = normal(k * n);
      Tensor c = normal(m * n);
      double[] expected = byFormula(product, a, b, c);

      float[] got = run(product, a, b, c);

      for (int i = 0; i < expected.length; i++) {
        assertThat((double) got[i])
            .as("%s, element %d", product, i)
            .isCloseTo(expected[i], within(2e-4));
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    for (int form = 0; form < 8; form++) {
      for (int[] shape :
          new int[][] {{32, 256, 784}, {784, 256, 32}, {64, 512, 128}, {257, 260, 999}}) {
        MatrixProduct product =
            MatrixProduct.of(
                (form & 1) != 0, (form & 2) != 0, shape[0], shape[1], shape[2], (form & 4) != 0);
        Tensor a = normal(shape[0] * shape[2]);
        Tensor b = normal(shape[2] * shape[1]);
        Tensor c = normal(shape[0] * shape[1]);
        float[] alone = run(product, a, b, c);
        try (Crew crew = new Crew(3, "test");
            Crew.Scope scope = crew.enter()) {
          assertThat(run(product, a, b, c)).as("%s", product).isEqualTo(alone);
        }
      }
    }
  }

  /** The product on a copy of c, around which nothing may change. */
  private float[] run(MatrixProduct product, Tensor a, Tensor b, Tensor c) {
    int size = c.size();
    float[] room = new float[size + 2 * MARGIN_FLOATS];
    Arrays.fill(room, MARGIN);
    c.read(0, room, MARGIN_FLOATS, size);
    Tensor target = Tensor.of(room);
    products.run(product, a.address(), b.address(), target.address() + 4L * MARGIN_FLOATS);
    float[] after = target.toFloats();
    for (int i = 0; i < MARGIN_FLOATS; i++) {
      assertThat(after[i]).isEqualTo(MARGIN);
      assertThat(after[after.length - 1 - i]).isEqualTo(MARGIN);
    }
    return Arrays.copyOfRange(after, MARGIN_FLOATS, MARGIN_FLOATS + size);
  }

  private static double[] byFormula(MatrixProduct product, Tensor a, Tensor b, Tensor c) {
    float[] left = a.toFloats();
    float[] right = b.toFloats();
    float[] before = c.toFloats();
    double[] result = new double[before.length];
    for (int i = 0; i < product.m(); i++) {
      for (int j = 0; j < product.n(); j++) {
        double sum = product.accumulate() ? before[i * product.n() + j] : 0;
        for (int p = 0; p < product.k(); p++) {
          int fromA = product.transposeA() ? p * product.lda() + i : i * product.lda() + p;
          int fromB = product.transposeB() ? j * product.ldb() + p : p * product.ldb() + j;
          sum += (double) left[fromA] * right[fromB];
        }
        result[i * product.n() + j] = sum;
      }
    }
    return result;
  }

  private Tensor normal(int size) {
    Tensor tensor = Tensor.owned(DType.FLOAT32, Shape.of(size));
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    tensor.write(0, values, 0, size);
    return tensor;
  }
}
