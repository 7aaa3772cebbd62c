package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance;

/**
 * What the parts of the backends' contract share: arrays and tensors, and how results are checked.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BackendChecks {
  final Random random = new Random(7);
  private int turn;

  /** The backend under test. */
  protected abstract Backend backend();

  /** The floating types it computes in. */
  protected Stream<DType> types() {
    return Stream.of(DType.FLOAT32, DType.FLOAT64).filter(backend()::supports);
  }

  /** A call that computes into an output. */
  protected interface Primitive {
    void into(Tensor out, boolean accumulate);
  }

  final void check(DType dtype, NaiveArray expected, String what, Primitive primitive) {
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

  final void assertClose(Tensor actual, NaiveArray expected, String what) {
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

  final NaiveArray normal(Shape shape) {
    return NaiveArray.make(shape, i -> random.nextGaussian());
  }

  static NaiveArray array(Shape shape, double... values) {
    return new NaiveArray(shape, values);
  }

  /**
   * A tensor of these values that starts at some odd element of its memory, as a parameter does.
   */
  final Tensor tensor(DType dtype, NaiveArray array) {
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

  final Tensor empty(DType dtype, Shape shape) {
    Tensor tensor = somewhere(dtype, shape);
    backend().fill(tensor, Double.NaN);
    return tensor;
  }

  private synchronized Tensor somewhere(DType dtype, Shape shape) {
    int from = turn++ % 4 == 0 ? 0 : turn % 7;
    return Tensor.owned(dtype, Shape.of(shape.size() + from)).view(from, shape);
  }

  static double value(Unary op, double x) {
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
      case ELU -> x > 0 ? x : Math.exp(x) - 1;
      case GELU -> x * normalShare(x);
      case GELU_TANH ->
          x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    };
  }

  /** The standard normal distribution function, by Simpson's rule over its density from 0 on. */
  private static double normalShare(double x) {
    int n = 2000;
    double h = x / n;
    double sum = 0;
    for (int i = 0; i <= n; i++) {
      double at = i * h;
      sum += (i == 0 || i == n ? 1 : i % 2 == 0 ? 2 : 4) * Math.exp(-at * at / 2);
    }
    return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
  }

  static double derivative(Unary op, double x) {
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
      case ELU -> x > 0 ? 1 : Math.exp(x);
      case GELU -> normalShare(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      case GELU_TANH -> {
        double inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
        double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
        double tanh = Math.tanh(inner);
        yield (1 + tanh) / 2 + x / 2 * (1 - tanh * tanh) * slope;
      }
    };
  }

  static double value(Activation activation, double z) {
    return switch (activation) {
      case LINEAR -> z;
      case RELU -> value(Unary.RELU, z);
      case SIGMOID -> value(Unary.SIGMOID, z);
      case TANH -> value(Unary.TANH, z);
    };
  }

  static double slope(Activation activation, double y) {
    return switch (activation) {
      case LINEAR -> 1;
      case RELU -> y > 0 ? 1 : 0;
      case SIGMOID -> y * (1 - y);
      case TANH -> 1 - y * y;
    };
  }
}
