package io.tapestream.backend;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of primitives on images. */
abstract class ImagesContract extends RowsContract {
  // Images

  /**
   * Shapes as (n, height, width, in, out, window height, width, stride height, width), each under
   * both paddings.
   */
  private static final int[][] CONVOLUTIONS = {
    {2, 6, 6, 1, 1, 3, 3, 1, 1},
    {2, 7, 5, 3, 4, 3, 2, 1, 1},
    {3, 8, 8, 2, 6, 5, 5, 1, 1},
    {2, 9, 7, 3, 16, 3, 3, 2, 2},
    {1, 5, 8, 4, 3, 1, 1, 1, 1},
    {2, 10, 9, 1, 20, 5, 4, 2, 3},
    {2, 6, 6, 16, 8, 3, 3, 1, 1},
    {1, 4, 4, 2, 2, 2, 2, 3, 3},
  };

  @ParameterizedTest
  @MethodSource("types")
  void convolvesImages(DType dtype) {
    for (int[] c : CONVOLUTIONS) {
      for (Padding padding : Padding.values()) {
        Window window = Window.of(c[1], c[2], c[5], c[6], c[7], c[8], padding);
        String what = Arrays.toString(c) + " " + padding;
        NaiveArray x = normal(Shape.of(c[0], c[1], c[2], c[3]));
        NaiveArray filter = normal(Shape.of(c[5], c[6], c[3], c[4]));
        NaiveArray bias = normal(Shape.of(c[4]));
        NaiveArray z = x.convolve(filter, window);
        NaiveArray dz = normal(z.shape());
        Tensor tx = tensor(dtype, x);
        Tensor tf = tensor(dtype, filter);
        Tensor tdz = tensor(dtype, dz);
        Tensor tb = tensor(dtype, bias);
        for (Activation activation : Activation.values()) {
          Tensor y = empty(dtype, z.shape());
          backend().conv2d(tx, tf, tb, activation, window, y);
          assertClose(
              y,
              z.with(bias, Double::sum).map(v -> value(activation, v)),
              "conv2d " + activation + what);
        }
        Tensor y = empty(dtype, z.shape());
        backend().conv2d(tx, tf, null, Activation.LINEAR, window, y);
        assertClose(y, z, "conv2d without bias " + what);
        check(
            dtype,
            NaiveArray.inputGradient(dz, filter, window, x.shape()),
            "input gradient " + what,
            (dx, acc) -> backend().conv2dInputGradient(tdz, tf, window, dx, acc));
        check(
            dtype,
            x.filterGradient(dz, window),
            "filter gradient " + what,
            (df, acc) -> backend().conv2dFilterGradient(tx, tdz, window, df, acc));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void poolsImages(DType dtype) {
    for (int[] c :
        new int[][] {
          {2, 6, 6, 3, 2, 2, 2, 2},
          {1, 7, 8, 1, 3, 3, 2, 2},
          {2, 5, 5, 17, 2, 3, 1, 1},
          {1, 4, 9, 2, 4, 2, 4, 3},
          {2, 24, 24, 20, 2, 2, 2, 2}
        }) {
      for (Padding padding : Padding.values()) {
        Window window = Window.of(c[1], c[2], c[4], c[5], c[6], c[7], padding);
        String what = Arrays.toString(c) + " " + padding;
        // Small integers, so that windows hold equals.
        NaiveArray x =
            NaiveArray.make(Shape.of(c[0], c[1], c[2], c[3]), i -> random.nextInt(5) - 4);
        Tensor tx = tensor(dtype, x);

        NaiveArray largest = x.maxPool(window);
        Tensor tmax = empty(dtype, largest.shape());
        backend().maxPool2d(tx, window, tmax);
        assertClose(tmax, largest, "max " + what);
        NaiveArray dy = normal(largest.shape());
        Tensor tdy = tensor(dtype, dy);
        check(
            dtype,
            x.maxPoolGradient(largest, dy, window),
            "max' " + what,
            (dx, acc) -> backend().maxPool2dGradient(tx, tmax, tdy, window, dx, acc));

        Tensor tmean = empty(dtype, largest.shape());
        backend().averagePool2d(tx, window, tmean);
        assertClose(tmean, x.averagePool(window), "mean " + what);
        check(
            dtype,
            NaiveArray.averagePoolGradient(dy, window, x.shape()),
            "mean' " + what,
            (dx, acc) -> backend().averagePool2dGradient(tdy, window, dx, acc));
      }
    }
  }
}
