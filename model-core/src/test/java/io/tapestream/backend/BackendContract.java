package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.random.Philox;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every backend must compute, against plain loops over doubles ({@link NaiveArray}). A
 * backend's own test extends it and says which backend it is. Every result is checked on outputs
 * that held NaN before, added to what was there, computed again on the same tensors to the same
 * bits, and on views that start at any element.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendContract {
  private final Random random = new Random(7);

  /** The backend under test. */
  protected abstract Backend backend();

  /** The floating types it computes in. */
  Stream<DType> types() {
    return Stream.of(DType.FLOAT32, DType.FLOAT64).filter(backend()::supports);
  }

  // Elements

  @ParameterizedTest
  @MethodSource("types")
  void fillsAndCopiesAndConverts(DType dtype) {
    Tensor out = empty(dtype, Shape.of(5, 7));
    backend().fill(out, 2.5);
    assertThat(out.toDoubles()).containsOnly(2.5);
    backend().fill(out, -1);
    assertThat(out.toDoubles()).containsOnly(-1);
    Tensor integers = Tensor.zeros(DType.INT64, Shape.of(3));
    backend().copy(tensor(dtype, array(Shape.of(3), 1.7, -1.7, 3)), integers);
    assertThat(integers.toLongs()).containsExactly(1, -1, 3);
    Tensor back = empty(dtype, Shape.of(3, 1));
    backend().copy(integers, back);
    assertThat(back.toDoubles()).containsExactly(1, -1, 3);
    backend().fill(integers, 9);
    assertThat(integers.toLongs()).containsOnly(9);
  }

  @ParameterizedTest
  @MethodSource("types")
  void binaryFunctionsBroadcast(DType dtype) {
    for (List<Shape> pair :
        List.of(
            List.of(Shape.of(3, 4), Shape.of(3, 4)),
            List.of(Shape.of(3, 4), Shape.of(4)),
            List.of(Shape.of(4), Shape.of(3, 4)),
            List.of(Shape.of(3, 1), Shape.of(1, 4)),
            List.of(Shape.of(2, 3, 4), Shape.of(3, 1)),
            List.of(Shape.of(65, 1), Shape.of(65, 33)),
            List.of(Shape.of(2, 1, 4), Shape.of(2, 3, 1)),
            List.of(Shape.scalar(), Shape.of(2, 3)),
            List.of(Shape.of(2, 3), Shape.of(1)),
            List.of(Shape.scalar(), Shape.scalar()))) {
      NaiveArray a = normal(pair.get(0));
      NaiveArray b = normal(pair.get(1)).map(x -> x + Math.copySign(0.5, x));
      Tensor ta = tensor(dtype, a);
      Tensor tb = tensor(dtype, b);
      check(
          dtype,
          a.with(b, Double::sum),
          "add " + pair,
          (y, acc) -> backend().binary(Binary.ADD, ta, tb, y, acc));
      check(
          dtype,
          a.with(b, (x, z) -> x - z),
          "subtract " + pair,
          (y, acc) -> backend().binary(Binary.SUBTRACT, ta, tb, y, acc));
      check(
          dtype,
          a.with(b, (x, z) -> x * z),
          "multiply " + pair,
          (y, acc) -> backend().binary(Binary.MULTIPLY, ta, tb, y, acc));
      check(
          dtype,
          a.with(b, (x, z) -> x / z),
          "divide " + pair,
          (y, acc) -> backend().binary(Binary.DIVIDE, ta, tb, y, acc));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void equalityIsOneOrZero(DType dtype) {
    NaiveArray a = array(Shape.of(2, 3), 1, 2, 3, 3, 2, 1);
    NaiveArray b = array(Shape.of(2, 1), 3, 2);
    Tensor ta = tensor(dtype, a);
    Tensor tb = tensor(dtype, b);
    check(
        dtype,
        array(Shape.of(2, 3), 0, 0, 1, 0, 1, 0),
        "equal",
        (y, acc) -> backend().binary(Binary.EQUAL, ta, tb, y, acc));
  }

  @ParameterizedTest
  @MethodSource("types")
  void binaryFunctionsWorkInPlace(DType dtype) {
    NaiveArray a = normal(Shape.of(3, 40));
    NaiveArray b = normal(Shape.of(40));
    Tensor ta = tensor(dtype, a);
    backend().binary(Binary.MULTIPLY, ta, tensor(dtype, b), ta, false);
    assertClose(ta, a.with(b, (x, z) -> x * z), "in place, first");
    Tensor tb = tensor(dtype, a);
    backend().binary(Binary.SUBTRACT, tensor(dtype, b), tb, tb, false);
    assertClose(tb, b.with(a, (x, z) -> x - z), "in place, second");
  }

  @ParameterizedTest
  @MethodSource("types")
  void scalesAndBroadcasts(DType dtype) {
    NaiveArray x = normal(Shape.of(5, 33));
    Tensor tx = tensor(dtype, x);
    check(dtype, x.map(v -> -1.5 * v), "scale", (y, acc) -> backend().scale(-1.5, tx, y, acc));
    backend().scale(2, tx, tx, false);
    assertClose(tx, x.map(v -> 2 * v), "in place");
    for (Shape from : List.of(Shape.of(33), Shape.of(5, 1), Shape.of(1, 33), Shape.scalar())) {
      NaiveArray small = normal(from);
      Tensor ts = tensor(dtype, small);
      check(
          dtype,
          NaiveArray.zeros(Shape.of(5, 33)).with(small, (zero, v) -> 3 * v),
          "scale from " + from,
          (y, acc) -> backend().scale(3, ts, y, acc));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void unaryFunctionsAndTheirDerivatives(DType dtype) {
    for (Unary op : Unary.values()) {
      for (Shape shape : List.of(Shape.of(3, 41), Shape.scalar())) {
        NaiveArray x = normal(shape);
        if (op == Unary.LOG || op == Unary.SQRT) {
          x = x.map(v -> Math.abs(v) + 0.1);
        }
        NaiveArray y = x.map(v -> value(op, v));
        NaiveArray dy = normal(shape);
        Tensor tx = tensor(dtype, x);
        Tensor ty = empty(dtype, shape);
        backend().unary(op, tx, ty);
        assertClose(ty, y, op.name());
        Tensor tdy = tensor(dtype, dy);
        check(
            dtype,
            x.map(v -> derivative(op, v)).with(dy, (d, g) -> d * g),
            op + "'",
            (dx, acc) -> backend().unaryGradient(op, tx, ty, tdy, dx, acc));
        backend().unaryGradient(op, tx, ty, tdy, tdy, false);
        assertClose(
            tdy, x.map(v -> derivative(op, v)).with(dy, (d, g) -> d * g), op + "' in place");
        backend().unary(op, tx, tx);
        assertClose(tx, y, op + " in place");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void clipsAndPassesGradientsWithinTheBounds(DType dtype) {
    NaiveArray x = array(Shape.of(6), -3, -1, 0.5, 1, 1.5, 0);
    NaiveArray dy = normal(Shape.of(6));
    Tensor tx = tensor(dtype, x);
    Tensor tdy = tensor(dtype, dy);
    Tensor y = empty(dtype, Shape.of(6));
    backend().clip(tx, -1, 1, y);
    assertClose(y, array(Shape.of(6), -1, -1, 0.5, 1, 1, 0), "clip");
    check(
        dtype,
        array(Shape.of(6), 0, 1, 1, 1, 0, 1).with(dy, (m, g) -> m * g),
        "clip'",
        (dx, acc) -> backend().clipGradient(tx, -1, 1, tdy, dx, acc));
  }

  // Layers' mathematics

  @ParameterizedTest
  @MethodSource("types")
  void multipliesMatricesTransposedOrNot(DType dtype) {
    for (int[] mkn :
        new int[][] {
          {1, 1, 1}, {3, 4, 5}, {7, 13, 9}, {64, 33, 17}, {1, 50, 3}, {5, 1, 6}, {33, 128, 10}
        }) {
      for (boolean ta : new boolean[] {false, true}) {
        for (boolean tb : new boolean[] {false, true}) {
          NaiveArray a = normal(ta ? Shape.of(mkn[1], mkn[0]) : Shape.of(mkn[0], mkn[1]));
          NaiveArray b = normal(tb ? Shape.of(mkn[2], mkn[1]) : Shape.of(mkn[1], mkn[2]));
          Tensor left = tensor(dtype, a);
          Tensor right = tensor(dtype, b);
          check(
              dtype,
              a.matmul(ta, b, tb),
              Arrays.toString(mkn) + ta + tb,
              (y, acc) -> backend().matmul(left, ta, right, tb, y, acc));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void addsBiasAndActivates(DType dtype) {
    for (Activation activation : Activation.values()) {
      for (Shape shape :
          List.of(Shape.of(9, 10), Shape.of(2, 3, 3, 5), Shape.of(70, 1), Shape.of(4, 64))) {
        Shape k = Shape.of(shape.dim(-1));
        NaiveArray z = normal(shape);
        NaiveArray bias = normal(k);
        NaiveArray y = z.with(bias, Double::sum).map(v -> value(activation, v));
        Tensor tz = tensor(dtype, z);
        Tensor tb = tensor(dtype, bias);
        Tensor ty = empty(dtype, shape);
        backend().biasActivation(tz, tb, activation, ty);
        assertClose(ty, y, activation + " " + shape);
        backend().biasActivation(tz, tb, activation, tz);
        assertClose(tz, y, activation + " in place");

        NaiveArray dy = normal(shape);
        NaiveArray dz = y.with(dy, (v, g) -> g * slope(activation, v));
        Tensor tdy = tensor(dtype, dy);
        Tensor tdz = empty(dtype, shape);
        check(
            dtype,
            dz.sumTo(k),
            activation + " dbias",
            (db, acc) -> backend().biasActivationGradient(activation, ty, tdy, tdz, db, acc));
        assertClose(tdz, dz, activation + " dz");
        backend().biasActivationGradient(activation, ty, tdy, tdy, null, false);
        assertClose(tdy, dz, activation + " dz in place");
      }
    }
  }

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

  // How results are checked

  /** A call that computes into an output. */
  protected interface Primitive {
    void into(Tensor out, boolean accumulate);
  }

  private void check(DType dtype, NaiveArray expected, String what, Primitive primitive) {
    Tensor out = empty(dtype, expected.shape());
    primitive.into(out, false);
    assertClose(out, expected, what);
    double[] first = out.toDoubles();
    backend().fill(out, Double.NaN);
    primitive.into(out, false);
    assertThat(out.toDoubles()).as("%s, again, on %s", what, backend().name()).isEqualTo(first);
    backend().fill(out, 0.5);
    primitive.into(out, true);
    assertClose(out, expected.map(v -> v + 0.5), what + ", added");
  }

  private void assertClose(Tensor actual, NaiveArray expected, String what) {
    assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
    double tolerance = actual.dtype() == DType.FLOAT32 ? 2e-5 : 1e-12;
    double[] values = actual.toDoubles();
    double scale =
        Math.max(
            1,
            Arrays.stream(expected.values())
                .map(Math::abs)
                .filter(Double::isFinite)
                .average()
                .orElse(0));
    for (int i = 0; i < values.length; i++) {
      double wanted = expected.values()[i];
      double slack = tolerance * (scale + Math.abs(wanted));
      if (!(values[i] == wanted || Math.abs(values[i] - wanted) <= slack)) {
        assertThat(values[i])
            .as(
                "%s %s on %s, element %s of %s",
                what,
                actual.dtype(),
                backend().name(),
                Arrays.toString(NaiveArray.index(expected.shape(), i)),
                expected.shape())
            .isEqualTo(wanted);
      }
    }
  }

  private NaiveArray normal(Shape shape) {
    return NaiveArray.make(shape, i -> random.nextGaussian());
  }

  private static NaiveArray array(Shape shape, double... values) {
    return new NaiveArray(shape, values);
  }

  /**
   * A tensor of these values that starts at some odd element of its memory, as a parameter does.
   */
  private Tensor tensor(DType dtype, NaiveArray array) {
    Tensor tensor = somewhere(dtype, array.shape());
    for (int i = 0; i < array.values().length; i++) {
      switch (dtype) {
        case FLOAT32 -> tensor.write(i, new float[] {(float) array.values()[i]}, 0, 1);
        case FLOAT64 -> tensor.write(i, new double[] {array.values()[i]}, 0, 1);
        case INT64 -> tensor.write(i, new long[] {(long) array.values()[i]}, 0, 1);
      }
      array.values()[i] = tensor.get(i);
    }
    return tensor;
  }

  private Tensor empty(DType dtype, Shape shape) {
    Tensor tensor = somewhere(dtype, shape);
    backend().fill(tensor, Double.NaN);
    return tensor;
  }

  private int turn;

  private synchronized Tensor somewhere(DType dtype, Shape shape) {
    int from = turn++ % 4 == 0 ? 0 : turn % 7;
    return Tensor.owned(dtype, Shape.of(shape.size() + from)).view(from, shape);
  }

  private static double value(Unary op, double x) {
    return switch (op) {
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SQRT -> Math.sqrt(x);
      case SQUARE -> x * x;
      case NEGATIVE -> -x;
      case ABS -> Math.abs(x);
      case RELU -> Math.max(x, 0);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case TANH -> Math.tanh(x);
    };
  }

  private static double derivative(Unary op, double x) {
    return switch (op) {
      case EXP -> Math.exp(x);
      case LOG -> 1 / x;
      case SQRT -> 0.5 / Math.sqrt(x);
      case SQUARE -> 2 * x;
      case NEGATIVE -> -1;
      case ABS -> Math.signum(x);
      case RELU -> x > 0 ? 1 : 0;
      case SIGMOID -> Math.exp(-x) / Math.pow(1 + Math.exp(-x), 2);
      case TANH -> 1 - Math.pow(Math.tanh(x), 2);
    };
  }

  private static double value(Activation activation, double z) {
    return switch (activation) {
      case LINEAR -> z;
      case RELU -> value(Unary.RELU, z);
      case SIGMOID -> value(Unary.SIGMOID, z);
      case TANH -> value(Unary.TANH, z);
    };
  }

  private static double slope(Activation activation, double y) {
    return switch (activation) {
      case LINEAR -> 1;
      case RELU -> y > 0 ? 1 : 0;
      case SIGMOID -> y * (1 - y);
      case TANH -> 1 - y * y;
    };
  }
}
