package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of primitives that normalize, and of recurrent layers. */
abstract class SequencesContract extends ImagesContract {
  private static final double EPSILON = 0.01;
  private static final List<Activation> RECURRENT =
      List.of(Activation.LINEAR, Activation.RELU, Activation.SIGMOID, Activation.TANH);

  @ParameterizedTest
  @MethodSource("types")
  void normalizesColumns(DType dtype) {
    for (Shape shape :
        List.of(
            Shape.of(7, 5),
            Shape.of(1, 3),
            Shape.of(700, 3),
            Shape.of(2, 9, 9, 16),
            Shape.of(40, 33),
            Shape.of(600, 32))) {
      int k = shape.dim(-1);
      double rows = shape.size() / (double) k;
      Shape columns = Shape.of(k);
      NaiveArray x = normal(shape).map(v -> 3 * v + 10);
      NaiveArray gamma = normal(columns);
      NaiveArray beta = normal(columns);
      Tensor tx = tensor(dtype, x);
      Tensor tgamma = tensor(dtype, gamma);
      Tensor tbeta = tensor(dtype, beta);
      NaiveArray mean = x.sumTo(columns).map(v -> v / rows);
      NaiveArray centered = x.with(mean, (v, m) -> v - m);
      NaiveArray variance = centered.map(v -> v * v).sumTo(columns).map(v -> v / rows);
      Tensor tmean = empty(dtype, columns);
      Tensor tvariance = empty(dtype, columns);
      backend().moments(tx, tmean, tvariance);
      assertClose(tmean, mean, "mean " + shape);
      assertClose(tvariance, variance, "variance " + shape);

      NaiveArray scale = variance.map(v -> 1 / Math.sqrt(v + EPSILON));
      NaiveArray normal = centered.with(scale, (v, s) -> v * s);
      Tensor y = empty(dtype, shape);
      backend().normalize(tx, tmean, tvariance, tgamma, tbeta, EPSILON, y);
      assertClose(y, normal.with(gamma, (v, g) -> v * g).with(beta, Double::sum), "y " + shape);
      backend().normalize(tx, tmean, tvariance, null, null, EPSILON, y);
      assertClose(y, normal, "y without parameters " + shape);

      NaiveArray dy = normal(shape);
      Tensor tdy = tensor(dtype, dy);
      NaiveArray dgamma = dy.with(normal, (d, v) -> d * v).sumTo(columns);
      NaiveArray dbeta = dy.sumTo(columns);
      Tensor tdgamma = empty(dtype, columns);
      Tensor tdbeta = empty(dtype, columns);
      backend().normalizeSums(tx, tmean, tvariance, EPSILON, tdy, tdgamma, tdbeta);
      assertClose(tdgamma, dgamma, "dgamma " + shape);
      assertClose(tdbeta, dbeta, "dbeta " + shape);

      NaiveArray own =
          dy.with(dbeta, (d, b) -> d - b / rows)
              .with(normal.with(dgamma, (v, g) -> v * g / rows), (d, v) -> d - v)
              .with(scale, (d, s) -> d * s);
      check(
          dtype,
          own.with(gamma, (d, g) -> d * g),
          "dx " + shape,
          (dx, acc) ->
              backend()
                  .normalizeGradient(
                      tx, tmean, tvariance, tgamma, EPSILON, tdy, tdgamma, tdbeta, dx, acc));
      check(
          dtype,
          own,
          "dx without gamma " + shape,
          (dx, acc) ->
              backend()
                  .normalizeGradient(
                      tx, tmean, tvariance, null, EPSILON, tdy, tdgamma, tdbeta, dx, acc));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void normalizesRows(DType dtype) {
    for (Shape shape : List.of(Shape.of(7, 5), Shape.of(3, 1), Shape.of(2, 3, 33))) {
      int k = shape.dim(-1);
      Shape columns = Shape.of(k);
      Shape rows = shape.with(-1, 1);
      NaiveArray x = normal(shape).map(v -> 3 * v + 10);
      NaiveArray gamma = normal(columns);
      NaiveArray beta = normal(columns);
      NaiveArray dy = normal(shape);
      Tensor tx = tensor(dtype, x);
      Tensor tgamma = tensor(dtype, gamma);
      Tensor tbeta = tensor(dtype, beta);
      Tensor tdy = tensor(dtype, dy);
      NaiveArray mean = x.sumTo(rows).map(v -> v / k);
      NaiveArray centered = x.with(mean, (v, m) -> v - m);
      NaiveArray scale =
          centered.map(v -> v * v).sumTo(rows).map(v -> 1 / Math.sqrt(v / k + EPSILON));
      NaiveArray normal = centered.with(scale, (v, s) -> v * s);
      Tensor tmean = empty(dtype, rows);
      Tensor tscale = empty(dtype, rows);
      Tensor y = empty(dtype, shape);
      backend().normalizeRows(tx, null, null, EPSILON, y, tmean, tscale);
      assertClose(y, normal, "rows without parameters " + shape);
      backend().normalizeRows(tx, tgamma, tbeta, EPSILON, y, tmean, tscale);
      assertClose(y, normal.with(gamma, (v, g) -> v * g).with(beta, Double::sum), "rows " + shape);
      assertClose(tmean, mean, "mean of rows " + shape);
      assertClose(tscale, scale, "scale of rows " + shape);

      NaiveArray g = dy.with(gamma, (d, c) -> d * c);
      NaiveArray along = g.with(normal, (d, v) -> d * v).sumTo(rows).map(v -> v / k);
      NaiveArray dx =
          g.with(g.sumTo(rows), (d, s) -> d - s / k)
              .with(normal.with(along, (v, a) -> v * a), (d, v) -> d - v)
              .with(scale, (d, s) -> d * s);
      check(
          dtype,
          dx,
          "dx of rows " + shape,
          (out, acc) -> backend().normalizeRowsGradient(tx, tmean, tscale, tgamma, tdy, out, acc));
      check(
          dtype,
          dy.with(normal, (d, v) -> d * v).sumTo(columns),
          "dgamma of rows " + shape,
          (out, acc) -> backend().normalizeRowsSums(tx, tmean, tscale, tdy, out, acc));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void longShortTermMemories(DType dtype) {
    for (Activation activation : Activation.values()) {
      for (int[] size :
          new int[][] {
            {1, 1, 1, 1},
            {3, 1, 2, 2},
            {4, 3, 5, 37},
            {33, 4, 17, 16},
            {40, 5, 20, 16},
            {2, 4, 0, 3}
          }) {
        longShortTermMemory(dtype, activation, size[0], size[1], size[2], size[3]);
      }
    }
  }

  private void longShortTermMemory(
      DType dtype, Activation activation, int n, int steps, int in, int u) {
    Activation recurrent =
        activation == Activation.TANH ? Activation.SIGMOID : RECURRENT.get(u % 4);
    boolean biased = steps != 3 && steps != 5;
    Shape state = Shape.of(n, u);
    NaiveArray x = normal(Shape.of(n, steps, in)).map(v -> v / 4);
    NaiveArray w = normal(Shape.of(in, 4 * u)).map(v -> v / 4);
    NaiveArray r = normal(Shape.of(u, 4 * u)).map(v -> v / 8);
    NaiveArray bias = normal(Shape.of(4 * u)).map(v -> v / 2);
    NaiveArray h0 = normal(state).map(v -> v / 2);
    NaiveArray c0 = normal(state);
    LstmMemory memory = LstmMemory.allocate(dtype, steps, n, in, u);
    Tensor tu = tensor(dtype, r);
    Tensor tc0 = tensor(dtype, c0);
    Tensor ty = empty(dtype, state.prepend(steps + 1));
    backend()
        .lstm(
            tensor(dtype, x),
            tensor(dtype, w),
            tu,
            biased ? tensor(dtype, bias) : null,
            tensor(dtype, h0),
            tc0,
            recurrent,
            activation,
            memory,
            ty);

    String what = "lstm " + recurrent + " " + activation + " of " + x.shape() + " to " + state;
    List<NaiveArray[]> gates = new ArrayList<>();
    List<NaiveArray> cells = new ArrayList<>(List.of(c0));
    NaiveArray h = h0;
    for (int t = 0; t < steps; t++) {
      int step = t;
      NaiveArray input = NaiveArray.make(Shape.of(n, in), at -> x.at(at[0], step, at[1]));
      NaiveArray z = input.matmul(false, w, false).with(h.matmul(false, r, false), Double::sum);
      NaiveArray shifted = biased ? z.with(bias, Double::sum) : z;
      NaiveArray[] gate = new NaiveArray[4];
      for (int k = 0; k < 4; k++) {
        Activation function = k == 2 ? activation : recurrent;
        gate[k] = gate(shifted, k, 4).map(v -> value(function, v));
      }
      NaiveArray kept = gate[1].with(cells.get(t), (a, b) -> a * b);
      NaiveArray c = kept.with(gate[0].with(gate[2], (a, b) -> a * b), Double::sum);
      NaiveArray squashed = c.map(v -> value(activation, v));
      assertClose(at(memory.inputs(), t), sideBySide(input, h), what + " inputs " + t);
      assertClose(at(memory.gates(), t), sideBySide(gate), what + " gates " + t);
      assertClose(at(memory.cells(), t), c, what + " c " + t);
      assertClose(at(memory.activated(), t), squashed, what + " activated " + t);
      h = gate[3].with(squashed, (a, b) -> a * b);
      assertClose(at(ty, t), h, what + " h " + t);
      gates.add(gate);
      cells.add(c);
    }
    assertClose(at(ty, steps), cells.get(steps), what + " last c");

    NaiveArray dy = normal(ty.shape());
    Tensor dz = empty(dtype, memory.gates().shape());
    Tensor dbias = empty(dtype, bias.shape());
    Tensor dh0 = empty(dtype, state);
    Tensor dc0 = empty(dtype, state);
    backend()
        .lstmGradient(
            tu,
            tc0,
            recurrent,
            activation,
            memory,
            tensor(dtype, dy),
            dz,
            biased ? dbias : null,
            dh0,
            dc0);
    NaiveArray dc = slice(dy, steps);
    NaiveArray dh = NaiveArray.zeros(state);
    NaiveArray sums = NaiveArray.zeros(bias.shape());
    for (int t = steps - 1; t >= 0; t--) {
      NaiveArray g = dh.with(slice(dy, t), Double::sum);
      NaiveArray[] gate = gates.get(t);
      NaiveArray squashed = cells.get(t + 1).map(v -> value(activation, v));
      NaiveArray through =
          g.with(gate[3], (a, b) -> a * b)
              .with(squashed, (a, s) -> a * slope(activation, s))
              .with(dc, Double::sum);
      NaiveArray[] d = {
        through.with(gate[2], (a, b) -> a * b).with(gate[0], (a, s) -> a * slope(recurrent, s)),
        through
            .with(cells.get(t), (a, b) -> a * b)
            .with(gate[1], (a, s) -> a * slope(recurrent, s)),
        through.with(gate[0], (a, b) -> a * b).with(gate[2], (a, s) -> a * slope(activation, s)),
        g.with(squashed, (a, b) -> a * b).with(gate[3], (a, s) -> a * slope(recurrent, s))
      };
      NaiveArray expected = sideBySide(d);
      assertClose(at(dz, t), expected, what + " dz " + t);
      sums = sums.with(expected.sumTo(bias.shape()), Double::sum);
      dc = through.with(gate[1], (a, b) -> a * b);
      dh = expected.matmul(false, r, true);
    }
    if (biased) {
      assertClose(dbias, sums, what + " dbias");
    }
    assertClose(dh0, dh, what + " dh0");
    assertClose(dc0, dc, what + " dc0");
  }

  /** The t-th matrix of a stack. */
  private static Tensor at(Tensor stack, int t) {
    return stack.slice(t, t + 1).reshape(stack.dim(1), stack.dim(2));
  }

  private static NaiveArray slice(NaiveArray stack, int t) {
    Shape shape = stack.shape();
    return NaiveArray.make(Shape.of(shape.dim(1), shape.dim(2)), at -> stack.at(t, at[0], at[1]));
  }

  @ParameterizedTest
  @MethodSource("types")
  void stepsOfAGatedRecurrentUnit(DType dtype) {
    for (Activation activation : Activation.values()) {
      for (int[] size : new int[][] {{3, 2}, {1, 1}, {4, 37}}) {
        int u = size[1];
        Activation recurrent =
            activation == Activation.TANH ? Activation.SIGMOID : RECURRENT.get(u % 4);
        Shape state = Shape.of(size[0], u);
        NaiveArray a = normal(Shape.of(size[0], 3 * u));
        NaiveArray part = normal(a.shape());
        NaiveArray before = normal(state);
        NaiveArray dh = normal(state);
        Tensor gates = tensor(dtype, a);
        Tensor tpart = tensor(dtype, part);
        Tensor tbefore = tensor(dtype, before);
        Tensor th = empty(dtype, state);
        backend().gruCell(gates, tpart, tbefore, recurrent, activation, th);

        String what = "gru " + recurrent + " " + activation + " " + state;
        NaiveArray sum = a.with(part, Double::sum);
        NaiveArray z = gate(sum, 0, 3).map(v -> value(recurrent, v));
        NaiveArray r = gate(sum, 1, 3).map(v -> value(recurrent, v));
        NaiveArray kept = gate(part, 2, 3);
        NaiveArray g =
            gate(a, 2, 3)
                .with(r.with(kept, (b, c) -> b * c), Double::sum)
                .map(v -> value(activation, v));
        NaiveArray left = z.map(v -> 1 - v);
        assertClose(
            th,
            z.with(before, (b, c) -> b * c).with(left.with(g, (b, c) -> b * c), Double::sum),
            what + " h");
        assertClose(gates, sideBySide(z, r, g), what + " gates");

        Tensor tdh = tensor(dtype, dh);
        Tensor dgates = empty(dtype, gates.shape());
        Tensor dpart = empty(dtype, gates.shape());
        backend().gruCellGradient(gates, tpart, tbefore, recurrent, activation, tdh, dgates, dpart);
        NaiveArray dg = dh.with(left, (b, c) -> b * c).with(g, (b, s) -> b * slope(activation, s));
        NaiveArray dz =
            dh.with(before.with(g, (b, c) -> b - c), (b, c) -> b * c)
                .with(z, (b, s) -> b * slope(recurrent, s));
        NaiveArray dr = dg.with(kept, (b, c) -> b * c).with(r, (b, s) -> b * slope(recurrent, s));
        assertClose(dgates, sideBySide(dz, dr, dg), what + " dgates");
        assertClose(dpart, sideBySide(dz, dr, dg.with(r, (b, c) -> b * c)), what + " dpart");
        assertClose(tdh, dh.with(z, (b, c) -> b * c), what + " dbefore");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void rowsOfNoElementsAreNormalizedToNone(DType dtype) {
    Shape none = Shape.of(0, 3);
    Tensor x = empty(dtype, none);
    Tensor y = empty(dtype, none);
    Tensor columns = empty(dtype, Shape.of(3));
    Tensor rows = empty(dtype, Shape.of(0, 1));
    backend().normalizeRows(x, null, null, EPSILON, y, rows, rows);
    backend().normalizeRowsGradient(x, rows, rows, null, y, x, false);
    backend().normalizeRowsSums(x, rows, rows, y, columns, false);
    assertThat(columns.toDoubles()).containsOnly(0);
    backend().normalize(x, columns, columns, null, null, EPSILON, y);
    longShortTermMemory(dtype, Activation.TANH, 0, 5, 20, 16);
  }

  /** The k-th of so many gates that lie side by side. */
  private static NaiveArray gate(NaiveArray gates, int k, int count) {
    int u = gates.shape().dim(1) / count;
    return NaiveArray.make(Shape.of(gates.shape().dim(0), u), at -> gates.at(at[0], k * u + at[1]));
  }

  private static NaiveArray sideBySide(NaiveArray... gates) {
    int width = Arrays.stream(gates).mapToInt(gate -> gate.shape().dim(1)).sum();
    return NaiveArray.make(
        Shape.of(gates[0].shape().dim(0), width),
        at -> {
          int column = at[1];
          int k = 0;
          while (column >= gates[k].shape().dim(1)) {
            column -= gates[k++].shape().dim(1);
          }
          return gates[k].at(at[0], column);
        });
  }
}
