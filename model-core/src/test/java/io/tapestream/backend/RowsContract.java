package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of primitives by row, of reductions and of rearranging. */
abstract class RowsContract extends ElementsContract {
  // Rows

  @ParameterizedTest
  @MethodSource("types")
  void softmaxOfRows(DType dtype) {
    for (Shape shape : List.of(Shape.of(6, 10), Shape.of(2, 3, 33), Shape.of(4, 1))) {
      NaiveArray x = normal(shape);
      x.values()[0] = 900;
      NaiveArray y = x.softmax();
      NaiveArray logY = x.logSoftmax();
      NaiveArray dy = normal(shape);
      Tensor tx = tensor(dtype, x);
      Tensor ty = empty(dtype, shape);
      Tensor tlog = empty(dtype, shape);
      Tensor tdy = tensor(dtype, dy);
      backend().softmax(tx, ty);
      assertClose(ty, y, "softmax");
      backend().logSoftmax(tx, tlog);
      assertClose(tlog, logY, "logSoftmax");
      Shape rows = shape.with(-1, 1);
      check(
          dtype,
          dy.with(dy.with(y, (d, p) -> d * p).sumTo(rows), (d, s) -> d - s)
              .with(y, (d, p) -> d * p),
          "softmax'",
          (dx, acc) -> backend().softmaxGradient(ty, tdy, dx, acc));
      check(
          dtype,
          dy.with(y.with(dy.sumTo(rows), (p, s) -> p * s), (d, ps) -> d - ps),
          "logSoftmax'",
          (dx, acc) -> backend().logSoftmaxGradient(tlog, tdy, dx, acc));
      backend().softmax(tx, tx);
      assertClose(tx, y, "softmax in place");
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void crossEntropyOfRows(DType dtype) {
    int n = 7;
    int k = 10;
    NaiveArray z = normal(Shape.of(n, k));
    z.values()[3] = 500;
    NaiveArray classes = NaiveArray.make(Shape.of(n), i -> (i[0] * 3) % k);
    NaiveArray hot = NaiveArray.make(Shape.of(n, k), i -> i[1] == classes.at(i[0]) ? 1 : 0);
    NaiveArray soft = NaiveArray.make(Shape.of(n, k), i -> random.nextDouble());
    NaiveArray dl = normal(Shape.of(n));
    NaiveArray column = new NaiveArray(Shape.of(n, 1), dl.values());
    Tensor tz = tensor(dtype, z);
    Tensor tdl = tensor(dtype, dl);
    for (Tensor labels :
        List.of(
            tensor(DType.INT64, classes),
            tensor(dtype, classes),
            tensor(dtype, hot),
            tensor(dtype, soft))) {
      NaiveArray t = labels.rank() == 1 || labels.get(1) == hot.values()[1] ? hot : soft;
      NaiveArray losses =
          z.logSoftmax().with(t, (l, w) -> w == 0 ? 0 : -l * w).sumTo(Shape.of(n, 1));
      Tensor tl = empty(dtype, Shape.of(n));
      Tensor p = empty(dtype, Shape.of(n, k));
      backend().softmaxCrossEntropy(tz, labels, tl, p);
      assertClose(tl, new NaiveArray(Shape.of(n), losses.values()), "losses " + labels);
      assertClose(p, z.softmax(), "probabilities " + labels);
      NaiveArray dz =
          z.softmax()
              .with(t.sumTo(Shape.of(n, 1)), (q, mass) -> q * mass)
              .with(t, (q, w) -> q - w)
              .with(column, (d, g) -> d * g);
      check(
          dtype,
          dz,
          "dlogits " + labels,
          (dx, acc) -> backend().softmaxCrossEntropyGradient(p, labels, tdl, dx, acc));
    }
    for (double wrong : new double[] {-1, k, 0.5, Double.NaN}) {
      NaiveArray bad = classes.map(c -> c);
      bad.values()[4] = wrong;
      assertThatThrownBy(
              () ->
                  backend()
                      .softmaxCrossEntropy(
                          tz, tensor(dtype, bad), tensor(dtype, dl), tensor(dtype, z)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("row 4");
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void binaryCrossEntropyOfElements(DType dtype) {
    NaiveArray z = normal(Shape.of(9, 5));
    z.values()[0] = 80;
    z.values()[1] = -80;
    NaiveArray t = NaiveArray.make(Shape.of(9, 5), i -> (i[0] + i[1]) % 2);
    NaiveArray dl = normal(Shape.of(9, 5));
    Tensor tz = tensor(dtype, z);
    Tensor tt = tensor(dtype, t);
    Tensor tdl = tensor(dtype, dl);
    Tensor losses = empty(dtype, z.shape());
    backend().sigmoidCrossEntropy(tz, tt, losses);
    assertClose(
        losses,
        z.with(t, (v, w) -> Math.max(v, 0) - v * w + Math.log1p(Math.exp(-Math.abs(v)))),
        "losses");
    check(
        dtype,
        z.with(t, (v, w) -> 1 / (1 + Math.exp(-v)) - w).with(dl, (d, g) -> d * g),
        "dlogits",
        (dx, acc) -> backend().sigmoidCrossEntropyGradient(tz, tt, tdl, dx, acc));
  }

  @ParameterizedTest
  @MethodSource("types")
  void gathersAndScattersRows(DType dtype) {
    NaiveArray table = normal(Shape.of(6, 17));
    Tensor ids = Tensor.of(new long[] {5, 0, 5, 2, 2, 5}, 2, 3);
    Tensor ttable = tensor(dtype, table);
    Tensor rows = empty(dtype, Shape.of(2, 3, 17));
    backend().gatherRows(ttable, ids, rows);
    assertClose(
        rows,
        NaiveArray.make(rows.shape(), i -> table.at((int) ids.get(i[0] * 3 + i[1]), i[2])),
        "gather");

    NaiveArray added = normal(rows.shape());
    NaiveArray expected = table.map(v -> v);
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 17; j++) {
        expected.add(added.at(i / 3, i % 3, j), (int) ids.get(i), j);
      }
    }
    backend().scatterAddRows(ids, tensor(dtype, added), ttable);
    assertClose(ttable, expected, "scatter");

    Tensor hot = empty(dtype, Shape.of(2, 3, 6));
    backend().oneHot(ids, hot);
    assertClose(
        hot,
        NaiveArray.make(hot.shape(), i -> ids.get(i[0] * 3 + i[1]) == i[2] ? 1 : 0),
        "one-hot");

    Tensor bad = Tensor.of(new long[] {0, 6});
    assertThatThrownBy(() -> backend().gatherRows(ttable, bad, empty(dtype, Shape.of(2, 17))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("6");
    assertThatThrownBy(() -> backend().oneHot(bad, empty(dtype, Shape.of(2, 6))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("6");
  }

  // Reductions

  @ParameterizedTest
  @MethodSource("types")
  void sumsAndTakesTheLargestOverAxes(DType dtype) {
    NaiveArray x = normal(Shape.of(4, 5, 33));
    Tensor tx = tensor(dtype, x);
    for (Shape to :
        List.of(
            Shape.scalar(),
            Shape.of(33),
            Shape.of(1, 33),
            Shape.of(4, 5, 1),
            Shape.of(5, 1),
            Shape.of(4, 1, 33),
            Shape.of(4, 1, 1),
            Shape.of(1, 5, 33),
            Shape.of(4, 5, 33),
            Shape.of(1, 1, 1))) {
      check(
          dtype,
          x.sumTo(to).map(v -> 0.25 * v),
          "sum to " + to,
          (y, acc) -> backend().sum(0.25, tx, y, acc));
      Tensor largest = empty(dtype, to);
      backend().max(tx, largest);
      assertClose(largest, x.maxTo(to), "max to " + to);
    }
    NaiveArray tall = normal(Shape.of(300, 3));
    Tensor ttall = tensor(dtype, tall);
    check(dtype, tall.sumTo(Shape.of(3)), "tall", (y, acc) -> backend().sum(1, ttall, y, acc));
  }

  @ParameterizedTest
  @MethodSource("types")
  void argmaxTakesTheFirstOfEquals(DType dtype) {
    Tensor x =
        tensor(dtype, array(Shape.of(2, 2, 4), 1, 3, 3, 2, 4, 1, 4, 4, -1, -1, -2, -1, 0, 1, 2, 3));
    Tensor out = Tensor.zeros(DType.INT64, Shape.of(2, 2));
    backend().argmax(x, out);
    assertThat(out.toLongs()).containsExactly(1, 0, 0, 3);
    Tensor one = Tensor.zeros(DType.INT64, Shape.scalar());
    backend().argmax(tensor(dtype, array(Shape.of(3), 1, 5, 2)), one);
    assertThat(one.toLongs()).containsExactly(1);
  }

  @ParameterizedTest
  @MethodSource("types")
  void squaresAddUpInDouble(DType dtype) {
    for (int n : new int[] {0, 1, 31, 32, 33, 1000, 4099}) {
      NaiveArray x = normal(Shape.of(n + 3));
      double sum = 0;
      for (int i = 3; i < n + 3; i++) {
        double value = dtype == DType.FLOAT32 ? (float) x.values()[i] : x.values()[i];
        sum += value * value;
      }
      Tensor part = tensor(dtype, x).slice(3, n + 3);
      assertThat(backend().squares(part)).as("%d elements", n).isCloseTo(sum, within(1e-12 * n));
    }
    Tensor notFinite = tensor(dtype, array(Shape.of(40), new double[40]));
    notFinite.slice(35, 36).copyFrom(tensor(dtype, array(Shape.of(1), Double.NEGATIVE_INFINITY)));
    assertThat(backend().squares(notFinite)).isInfinite();
    notFinite.slice(3, 4).copyFrom(tensor(dtype, array(Shape.of(1), Double.NaN)));
    assertThat(backend().squares(notFinite)).isNaN();
  }

  // Rearranging

  @ParameterizedTest
  @MethodSource("types")
  void permutesAxes(DType dtype) {
    NaiveArray x = normal(Shape.of(2, 3, 4, 5));
    Tensor tx = tensor(dtype, x);
    for (int[] axes : new int[][] {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 3, 1, 2}, {1, 0, 2, 3}}) {
      Shape to =
          Shape.of(
              x.shape().dim(axes[0]),
              x.shape().dim(axes[1]),
              x.shape().dim(axes[2]),
              x.shape().dim(axes[3]));
      NaiveArray expected =
          NaiveArray.make(
              to,
              i -> {
                int[] from = new int[4];
                for (int j = 0; j < 4; j++) {
                  from[axes[j]] = i[j];
                }
                return x.at(from);
              });
      check(
          dtype,
          expected,
          "permute " + Arrays.toString(axes),
          (y, acc) -> backend().permute(tx, axes, y, acc));
    }
    Tensor ids = Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor turned = Tensor.zeros(DType.INT64, Shape.of(3, 2));
    backend().permute(ids, new int[] {1, 0}, turned, false);
    assertThat(turned.toLongs()).containsExactly(1, 4, 2, 5, 3, 6);
  }

  @ParameterizedTest
  @MethodSource("types")
  void copiesRangesOfAnAxis(DType dtype) {
    for (int axis = 0; axis < 3; axis++) {
      int along = axis;
      NaiveArray x = normal(Shape.of(4, 5, 6));
      NaiveArray out = normal(Shape.of(4, 5, 6).with(axis, 9));
      NaiveArray copied =
          NaiveArray.make(
              out.shape(), i -> i[along] >= 3 && i[along] < 6 ? x.at(moved(i, along)) : out.at(i));
      NaiveArray added =
          NaiveArray.make(
              out.shape(),
              i -> out.at(i) + (i[along] >= 3 && i[along] < 6 ? x.at(moved(i, along)) : 0));
      Tensor y = tensor(dtype, out);
      backend().copyRange(tensor(dtype, x), 1, y, 3, axis, 3, false);
      assertClose(y, copied, "copy along " + axis);
      Tensor sum = tensor(dtype, out);
      backend().copyRange(tensor(dtype, x), 1, sum, 3, axis, 3, true);
      assertClose(sum, added, "add along " + axis);
    }
  }

  private static int[] moved(int[] index, int axis) {
    int[] from = index.clone();
    from[axis] -= 2;
    return from;
  }
}
