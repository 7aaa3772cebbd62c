package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.UnconnectedGradients;
import io.tapestream.autodiff.Variable;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What both forms of the gradient rule of every op must do, checked in double precision against
 * central finite differences: gradients, and gradients of these. An op's test extends it and gives
 * cases: the op as a function of the inputs that it has gradients for, and such inputs.
 */
abstract class OpContract {
  private static final double STEP = 1e-5;

  /** An op applied to inputs. */
  record Case(String name, Function<List<Tensor>, Tensor> op, List<Tensor> inputs) {}

  /** What to check. */
  abstract List<Case> cases();

  static Case of(String name, Function<List<Tensor>, Tensor> op, Tensor... inputs) {
    return new Case(name, op, List.of(inputs));
  }

  /** Numbers of −2 … 2, the same for the same shape. */
  static Tensor normal(int... dims) {
    Random random = new Random(Arrays.hashCode(dims) + 11);
    return Tensor.of(random.doubles(Shape.of(dims).size(), -2, 2).toArray(), dims);
  }

  /** Positive numbers, away from 0. */
  static Tensor positive(int... dims) {
    Random random = new Random(Arrays.hashCode(dims) + 12);
    return Tensor.of(random.doubles(Shape.of(dims).size(), 0.3, 3).toArray(), dims);
  }

  /**
   * Distinct numbers of both signs, at least 0.05 apart and from 0, in a mixed order: for ops with
   * kinks.
   */
  static Tensor apart(int... dims) {
    int n = Shape.of(dims).size();
    double[] values = new double[n];
    int stride = n % 7 == 0 ? 11 : 7;
    for (int i = 0; i < n; i++) {
      values[i] = 0.1 * ((long) i * stride % n - n / 2) + 0.05;
    }
    return Tensor.of(values, dims);
  }

  @TestFactory
  Stream<DynamicTest> gradientsMatchFiniteDifferences() {
    return each(OpContract::matchesFiniteDifferences);
  }

  @TestFactory
  Stream<DynamicTest> theGradientForOneInputAloneIsTheSame() {
    return each(OpContract::givesTheSameAlone);
  }

  @TestFactory
  Stream<DynamicTest> gradientsAreAddedToWhatVariablesHold() {
    return each(OpContract::addsToVariables);
  }

  @TestFactory
  Stream<DynamicTest> secondDerivativesMatchFiniteDifferencesOfTheGradient() {
    return each(OpContract::secondDerivativesMatchFiniteDifferences);
  }

  /** A check of one case. */
  private interface Check {
    void of(Case c);
  }

  private Stream<DynamicTest> each(Check check) {
    return cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> check.of(c)));
  }

  private static void matchesFiniteDifferences(Case c) {
    Tensor weights = weightsFor(c.op().apply(c.inputs()));
    List<Tensor> gradients = gradients(c, c.inputs());
    for (int k = 0; k < c.inputs().size(); k++) {
      Tensor input = c.inputs().get(k);
      Tensor gradient = gradients.get(k);
      assertThat(gradient.shape()).isEqualTo(input.shape());
      for (int i = 0; i < input.size(); i++) {
        double x = input.get(i);
        set(input, i, x + STEP);
        double above = loss(c, weights).item();
        set(input, i, x - STEP);
        double below = loss(c, weights).item();
        set(input, i, x);
        double expected = (above - below) / (2 * STEP);
        double actual = gradient.get(i);
        assertThat(Math.abs(actual - expected))
            .as("input %s, element %s: gradient %s, finite difference %s", k, i, actual, expected)
            .isLessThanOrEqualTo(1e-7 * (1 + Math.abs(expected)));
      }
    }
  }

  private static void givesTheSameAlone(Case c) {
    List<Tensor> all = gradients(c, c.inputs());
    for (int i = 0; i < c.inputs().size(); i++) {
      Tensor alone = gradients(c, List.of(c.inputs().get(i))).get(0);
      assertThat(alone.toDoubles()).isEqualTo(all.get(i).toDoubles());
    }
  }

  /**
   * Each input as a variable whose gradient holds ones; the op is used twice, so that gradients
   * meet.
   */
  private static void addsToVariables(Case c) {
    List<Tensor> once = gradients(c, c.inputs());
    List<Variable> variables = new ArrayList<>();
    for (Tensor input : c.inputs()) {
      Variable variable = Variable.of("input", input);
      for (int i = 0; i < input.size(); i++) {
        set(variable.gradient(), i, 1);
      }
      variables.add(variable);
    }
    Tensor weights = weightsFor(c.op().apply(c.inputs()));
    try (GradientTape tape = new GradientTape()) {
      List<Tensor> values = variables.stream().map(Variable::value).toList();
      Tensor first = c.op().apply(values);
      Tensor second = c.op().apply(values);
      tape.accumulate(Sum.of(Multiply.of(Add.of(first, second), weights)), variables);
    }
    for (int k = 0; k < variables.size(); k++) {
      double[] actual = variables.get(k).gradient().toDoubles();
      double[] expected = once.get(k).toDoubles();
      for (int i = 0; i < actual.length; i++) {
        assertThat(Math.abs(actual[i] - (1 + 2 * expected[i])))
            .isLessThanOrEqualTo(1e-12 * (1 + Math.abs(expected[i])));
      }
    }
  }

  /**
   * Of {@code Σ weights ∘ op(inputs)²}, so that the output's gradient depends on the inputs too.
   * The form of the rule that is made of ops also gives the gradient that kernels give.
   */
  private static void secondDerivativesMatchFiniteDifferences(Case c) {
    List<Tensor> byKernels = slopes(c);
    List<Tensor> second;
    try (GradientTape outer = new GradientTape()) {
      c.inputs().forEach(outer::watch);
      List<Tensor> byOps = slopes(c);
      for (int k = 0; k < byOps.size(); k++) {
        assertThat(byOps.get(k).shape()).isEqualTo(byKernels.get(k).shape());
        assertThat(byOps.get(k).toDoubles())
            .containsExactly(byKernels.get(k).toDoubles(), within(1e-9));
      }
      second = outer.gradient(List.of(combined(byOps)), c.inputs(), UnconnectedGradients.ZERO);
    }
    for (int k = 0; k < c.inputs().size(); k++) {
      Tensor input = c.inputs().get(k);
      for (int i = 0; i < input.size(); i++) {
        double x = input.get(i);
        set(input, i, x + STEP);
        double above = combined(slopes(c)).item();
        set(input, i, x - STEP);
        double below = combined(slopes(c)).item();
        set(input, i, x);
        double expected = (above - below) / (2 * STEP);
        double actual = second.get(k).get(i);
        assertThat(Math.abs(actual - expected))
            .as("input %s, element %s: gradient %s, finite difference %s", k, i, actual, expected)
            .isLessThanOrEqualTo(1e-6 * (1 + Math.abs(expected)));
      }
    }
  }

  private static List<Tensor> slopes(Case c) {
    try (GradientTape tape = new GradientTape()) {
      c.inputs().forEach(tape::watch);
      Tensor y = c.op().apply(c.inputs());
      return tape.gradient(Sum.of(Multiply.of(Square.of(y), weightsFor(y))), c.inputs());
    }
  }

  /** One number of all gradients, each element with a weight of its own. */
  private static Tensor combined(List<Tensor> gradients) {
    Tensor sum = null;
    for (Tensor gradient : gradients) {
      Tensor weighted = Sum.of(Multiply.of(gradient, weightsFor(gradient)));
      sum = sum == null ? weighted : Add.of(sum, weighted);
    }
    return sum;
  }

  private static List<Tensor> gradients(Case c, List<Tensor> sources) {
    Tensor weights = weightsFor(c.op().apply(c.inputs()));
    try (GradientTape tape = new GradientTape()) {
      sources.forEach(tape::watch);
      return tape.gradient(loss(c, weights), sources);
    }
  }

  /** Σ weights ∘ op(inputs), so that every element of the output has a gradient of its own. */
  private static Tensor loss(Case c, Tensor weights) {
    return Sum.of(Multiply.of(c.op().apply(c.inputs()), weights));
  }

  private static Tensor weightsFor(Tensor output) {
    double[] weights = new double[output.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 0.5 + Math.sin(3 * i + 1);
    }
    return Tensor.of(weights).reshape(output.shape());
  }

  private static void set(Tensor tensor, int i, double value) {
    tensor.write(i, new double[] {value}, 0, 1);
  }
}
