package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.random.Philox;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every backend must compute, against plain loops over doubles ({@link NaiveArray}). A
 * backend's own test extends it and says which backend it is. Every result is checked on outputs
 * that held NaN before, added to what was there, computed again on the same tensors to the same
 * bits, and on views that start at any element.
 */
public abstract class BackendContract extends SequencesContract {
  // Chance

  @ParameterizedTest
  @MethodSource("types")
  void dropoutKeepsWhatPhiloxSays(DType dtype) {
    long key = Philox.key(42, 3, 1);
    NaiveArray x = normal(Shape.of(9, 3, 7)).map(v -> v + 10);
    int[] words = new int[4];
    NaiveArray expected =
        NaiveArray.make(
            x.shape(),
            i -> {
              int j = i[1] * 7 + i[2];
              Philox.block(key, j / 4, 5 + i[0], 0, 0, words);
              return Philox.keeps(words[j % 4], Philox.dropBound(0.3)) ? x.at(i) / 0.7 : 0;
            });
    Tensor tx = tensor(dtype, x);
    check(dtype, expected, "dropout", (y, acc) -> backend().dropout(tx, 0.3, key, 5, y, acc));

    Tensor pieces = empty(dtype, x.shape());
    backend().dropout(tx.slice(0, 4), 0.3, key, 5, pieces.slice(0, 4), false);
    backend().dropout(tx.slice(4, 9), 0.3, key, 9, pieces.slice(4, 9), false);
    assertClose(pieces, expected, "in pieces");
    backend().dropout(tx, 0.3, key, 5, tx, false);
    assertClose(tx, expected, "in place");
  }

  // Edges

  @ParameterizedTest
  @MethodSource("types")
  void nothingToDoForNoElements(DType dtype) {
    Tensor none = Tensor.zeros(dtype, Shape.of(0, 4));
    Tensor noImages = Tensor.zeros(dtype, Shape.of(0, 6, 6, 2));
    Tensor noOutputs = Tensor.zeros(dtype, Shape.of(0, 4, 4, 3));
    Tensor w = tensor(dtype, normal(Shape.of(4, 3)));
    Tensor filter = tensor(dtype, normal(Shape.of(3, 3, 2, 3)));
    Window window = Window.of(6, 6, 3, 3, 1, 1, Padding.VALID);
    Tensor y = Tensor.zeros(dtype, Shape.of(0, 3));
    backend().matmul(none, false, w, false, y, false);
    backend().binary(Binary.ADD, none, none, none, false);
    backend().unary(Unary.EXP, none, none);
    backend().softmax(none, none);
    backend().conv2d(noImages, filter, null, Activation.RELU, window, noOutputs);
    backend().conv2dInputGradient(noOutputs, filter, window, noImages, false);

    Tensor dw = empty(dtype, Shape.of(4, 3));
    backend().matmul(none, true, y, false, dw, false);
    assertThat(dw.toDoubles()).containsOnly(0);
    Tensor df = empty(dtype, Shape.of(3, 3, 2, 3));
    backend().conv2dFilterGradient(noImages, noOutputs, window, df, false);
    assertThat(df.toDoubles()).containsOnly(0);
    Tensor sum = empty(dtype, Shape.of(4));
    backend().sum(1, none, sum, false);
    assertThat(sum.toDoubles()).containsOnly(0);
  }

  @Test
  void threadsThatShareWeightsGetTheSameBits() throws Exception {
    DType dtype = DType.FLOAT32;
    Tensor w = tensor(dtype, normal(Shape.of(150, 60)));
    Tensor filter = tensor(dtype, normal(Shape.of(3, 3, 4, 8)));
    Tensor bias = tensor(dtype, normal(Shape.of(60)));
    NaiveArray x = normal(Shape.of(128, 150));
    NaiveArray images = normal(Shape.of(8, 10, 10, 4));
    Window window = Window.of(10, 10, 3, 3, 1, 1, Padding.SAME);
    ExecutorService workers = Executors.newFixedThreadPool(4);
    try {
      List<Future<float[]>> results = new ArrayList<>();
      for (int worker = 0; worker < 4; worker++) {
        results.add(
            workers.submit(
                () -> {
                  Tensor tx = tensor(dtype, x);
                  Tensor timages = tensor(dtype, images);
                  Tensor y = empty(dtype, Shape.of(128, 60));
                  Tensor z = empty(dtype, Shape.of(8, 10, 10, 8));
                  for (int step = 0; step < 20; step++) {
                    backend().matmul(tx, false, w, false, y, false);
                    backend().biasActivation(y, bias, Activation.TANH, y);
                    backend().conv2d(timages, filter, null, Activation.RELU, window, z);
                  }
                  float[] both = Arrays.copyOf(y.toFloats(), y.size() + z.size());
                  System.arraycopy(z.toFloats(), 0, both, y.size(), z.size());
                  return both;
                }));
      }
      for (Future<float[]> result : results) {
        assertThat(result.get()).isEqualTo(results.get(0).get());
      }
    } finally {
      workers.shutdownNow();
    }
  }
}
