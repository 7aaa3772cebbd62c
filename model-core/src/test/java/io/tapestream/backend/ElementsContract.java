package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of primitives by element, and of matrix products. */
abstract class ElementsContract extends BackendChecks {
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

  @ParameterizedTest
  @MethodSource("types")
  void rectifies(DType dtype) {
    NaiveArray x = array(Shape.of(6), -3, -1, 0.5, 1, 1.5, 2);
    NaiveArray dy = normal(Shape.of(6));
    Tensor tx = tensor(dtype, x);
    Tensor tdy = tensor(dtype, dy);
    Tensor y = empty(dtype, Shape.of(6));
    backend().rectify(tx, 0.5, 1, 2, y);
    assertClose(y, array(Shape.of(6), -2, -1, -0.25, 1, 1.5, 2), "rectify");
    check(
        dtype,
        array(Shape.of(6), 0.5, 0.5, 0.5, 0.5, 1, 0).with(dy, (m, g) -> m * g),
        "rectify'",
        (dx, acc) -> backend().rectifyGradient(tx, 0.5, 1, 2, tdy, dx, acc));
    backend().rectify(tx, 0, 0, Double.POSITIVE_INFINITY, tx);
    assertClose(tx, x.map(v -> Math.max(v, 0)), "rectify in place");
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
}
