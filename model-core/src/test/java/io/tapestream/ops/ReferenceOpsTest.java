package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.UnconnectedGradients;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Padding;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every op computes, forwards and backwards, what ops.py had PyTorch compute. */
class ReferenceOpsTest {
  /** What dropout drops is drawn in another way; that it passes gradients is its own test. */
  private static final String WITHOUT_REFERENCE = "DropoutOp";

  /** An input: numbers of −1 … 1, of 0.5 … 1.5, or, where there is a count, ids below it. */
  private record Given(Shape shape, boolean positive, int count) {}

  /** A case of ops.py, which is named after the op. */
  private record Case(String name, List<Given> inputs, Function<List<Tensor>, Tensor> op) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Given draws(int... dims) {
    return new Given(Shape.of(dims), false, 0);
  }

  private static Given positive(int... dims) {
    return new Given(Shape.of(dims), true, 0);
  }

  private static Given ids(int count, int... dims) {
    return new Given(Shape.of(dims), false, count);
  }

  private static Case one(String name, Function<Tensor, Tensor> op, int... dims) {
    Given input = dims.length == 0 ? draws(2, 3) : draws(dims);
    return of(name, in -> op.apply(in.get(0)), input);
  }

  private static Case of(String name, Function<List<Tensor>, Tensor> op, Given... inputs) {
    return new Case(name, List.of(inputs), op);
  }

  static Stream<Case> cases() {
    return Stream.of(
        one("Abs", Abs::of),
        one("Elu", Elu::of),
        one("Exp", Exp::of),
        one("Gelu", x -> Gelu.of(x, false)),
        one("Gelu approximate", x -> Gelu.of(x, true)),
        of("Log", in -> Log.of(in.get(0)), positive(2, 3)),
        one("Negative", Negative::of),
        one("Relu", Relu::of),
        one("Sigmoid", Sigmoid::of),
        of("Sqrt", in -> Sqrt.of(in.get(0)), positive(2, 3)),
        one("Square", Square::of),
        one("Tanh", Tanh::of),
        one("Softmax", Softmax::of),
        one("LogSoftmax", LogSoftmax::of),
        one("ArgMax", ArgMax::of),
        one("Clip", x -> Clip.of(x, -0.4, 0.6)),
        one("Rectify", x -> Rectify.of(x, 0.2, 0.1, 0.7)),
        one("Scale", x -> Scale.of(x, -1.5)),
        one("StopGradient", StopGradient::of),
        one("Reshape", x -> Reshape.of(x, Shape.of(3, 2))),
        one("Reverse", x -> Reverse.of(x, 1)),
        one("Slice", x -> Slice.of(x, 1, 1, 3), 2, 4),
        one("Transpose", x -> Transpose.of(x, 2, 0, 1), 2, 3, 4),
        one("BroadcastTo", x -> BroadcastTo.of(x, Shape.of(4, 3)), 4, 1),
        one("Sum", x -> Sum.of(x, 1), 2, 3, 2),
        one("Mean", x -> Mean.of(x, 0, 2), 2, 3, 2),
        one("Max", x -> Max.of(x, 1), 2, 3, 2),
        of("Add", in -> Add.of(in.get(0), in.get(1)), draws(2, 3), draws(3)),
        of("Subtract", in -> Subtract.of(in.get(0), in.get(1)), draws(2, 3), draws(2, 1)),
        of("Multiply", in -> Multiply.of(in.get(0), in.get(1)), draws(2, 1), draws(1, 3)),
        of("Maximum", in -> Maximum.of(in.get(0), in.get(1)), draws(2, 3), draws(2, 1)),
        of("Minimum", in -> Minimum.of(in.get(0), in.get(1)), draws(2, 1), draws(1, 3)),
        of("Divide", in -> Divide.of(in.get(0), in.get(1)), draws(2, 3), positive(3)),
        of("MatMul", in -> MatMul.of(in.get(0), in.get(1)), draws(2, 3), draws(3, 4)),
        of(
            "BatchMatMul",
            in -> BatchMatMul.of(in.get(0), in.get(1), true),
            draws(2, 3, 4),
            draws(2, 2, 4)),
        of("Concat", in -> Concat.of(1, in), draws(2, 3), draws(2, 1)),
        of(
            "Affine",
            in -> Affine.of(in.get(0), in.get(1), in.get(2), Activation.SIGMOID),
            draws(2, 3),
            draws(3, 4),
            draws(4)),
        of(
            "BiasActivation",
            in -> BiasActivation.of(in.get(0), in.get(1), Activation.TANH),
            draws(2, 3),
            draws(3)),
        of(
            "Conv2d",
            in -> Conv2d.of(in.get(0), in.get(1), in.get(2), Activation.RELU, 1, 2, Padding.SAME),
            draws(2, 4, 5, 2),
            draws(3, 2, 2, 3),
            draws(3)),
        one("MaxPool2d", x -> MaxPool2d.of(x, 2, 2, 1, 2, Padding.VALID), 2, 4, 5, 2),
        one("AveragePool2d", x -> AveragePool2d.of(x, 3, 2, 2, 1, Padding.SAME), 2, 4, 5, 2),
        of("GatherRows", in -> GatherRows.of(in.get(0), in.get(1)), draws(5, 2), ids(5, 2, 3)),
        of(
            "ScatterAddRows",
            in -> ScatterAddRows.of(in.get(0), in.get(1), 4),
            ids(4, 6),
            draws(6, 2)),
        of("OneHot", in -> OneHot.of(in.get(0), 3, DType.FLOAT32), ids(3, 4)),
        of(
            "SoftmaxCrossEntropy",
            in -> SoftmaxCrossEntropy.of(in.get(0), in.get(1)),
            draws(4, 3),
            ids(3, 4)),
        of(
            "SoftmaxCrossEntropy of shares",
            in -> SoftmaxCrossEntropy.of(in.get(0), StopGradient.of(in.get(1))),
            draws(4, 3),
            positive(4, 3)),
        of(
            "SigmoidCrossEntropy",
            in -> SigmoidCrossEntropy.of(in.get(0), half(StopGradient.of(in.get(1)))),
            draws(4, 3),
            positive(4, 3)),
        of(
            "BatchNorm",
            in ->
                BatchNorm.of(
                    in.get(0), in.get(1), in.get(2), 0.1, like(in.get(1)), like(in.get(1))),
            draws(5, 3),
            draws(3),
            draws(3)),
        of(
            "Normalize",
            in -> Normalize.of(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), 0.1),
            draws(5, 3),
            draws(3),
            positive(3),
            draws(3),
            draws(3)),
        of(
            "LayerNorm",
            in -> LayerNorm.of(in.get(0), in.get(1), in.get(2), 0.1),
            draws(4, 3),
            draws(3),
            draws(3)),
        of(
            "Lstm",
            in ->
                Slice.of(
                    Lstm.of(
                        in.get(0),
                        in.get(1),
                        in.get(2),
                        in.get(3),
                        in.get(4),
                        in.get(5),
                        Activation.SIGMOID,
                        Activation.TANH),
                    0,
                    0,
                    3),
            draws(2, 3, 2),
            draws(2, 8),
            draws(2, 8),
            draws(8),
            draws(2, 2),
            draws(2, 2)),
        of(
            "Gru",
            in ->
                Gru.of(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    in.get(3),
                    in.get(4),
                    Activation.SIGMOID,
                    Activation.TANH),
            draws(2, 3, 2),
            draws(2, 6),
            draws(2, 6),
            draws(2, 6),
            draws(2, 2)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void anOpComputesWhatPyTorchComputes(Case c) {
    check(c, DType.FLOAT64, 1e-12);
    check(c, DType.FLOAT32, 1e-5);
  }

  @Test
  void everyOpHasItsReference() throws Exception {
    Set<String> checked =
        cases().map(c -> c.name().replaceAll(" .*", "")).collect(Collectors.toSet());
    checked.add(WITHOUT_REFERENCE);
    assertThat(checked)
        .isEqualTo(
            OpsCompletenessTest.ops().stream()
                .map(Class::getSimpleName)
                .collect(Collectors.toSet()));
  }

  private static void check(Case c, DType dtype, double tolerance) {
    List<Tensor> inputs = new ArrayList<>();
    for (Given given : c.inputs()) {
      inputs.add(tensor(given, 1 + 10 * inputs.size(), dtype));
    }
    List<Tensor> sources = inputs.stream().filter(x -> x.dtype().isFloating()).toList();
    Tensor y;
    List<Tensor> gradients = new ArrayList<>();
    try (GradientTape tape = new GradientTape()) {
      sources.forEach(tape::watch);
      y = c.op().apply(inputs);
      if (y.dtype() == dtype) {
        Tensor seed = tensor(new Given(y.shape(), false, 0), 2, dtype);
        gradients.addAll(
            tape.gradient(List.of(y), List.of(seed), sources, UnconnectedGradients.ZERO));
      }
    }
    assertClose(c, dtype, "y", List.of(y), tolerance);
    if (Reference.numbers("ops.json", "/cases/" + c.name() + "/gradients").length > 0) {
      assertClose(c, dtype, "gradients", gradients, tolerance);
    }
  }

  private static void assertClose(
      Case c, DType dtype, String what, List<Tensor> tensors, double tolerance) {
    double[] expected = Reference.numbers("ops.json", "/cases/" + c.name() + "/" + what);
    double[] actual = tensors.stream().flatMapToDouble(t -> Arrays.stream(t.toDoubles())).toArray();
    assertThat(actual).as("%s, %s", what, dtype).hasSameSizeAs(expected);
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i]))
          .as("%s in %s, element %d: %s, by PyTorch %s", what, dtype, i, actual[i], expected[i])
          .isLessThanOrEqualTo(tolerance * largest);
    }
  }

  private static Tensor tensor(Given given, int salt, DType dtype) {
    float[] uniform = Reference.uniform(salt, given.shape().size());
    double[] values = new double[uniform.length];
    long[] ids = new long[uniform.length];
    for (int i = 0; i < values.length; i++) {
      ids[i] = (long) Math.floor((double) uniform[i] * given.count());
      values[i] = given.positive() ? 0.5 + uniform[i] : 2.0 * uniform[i] - 1;
    }
    if (given.count() > 0) {
      return Tensor.of(ids).reshape(given.shape());
    }
    if (dtype == DType.FLOAT64) {
      return Tensor.of(values).reshape(given.shape());
    }
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return Tensor.of(narrow).reshape(given.shape());
  }

  /** Labels of 0 … 1. */
  private static Tensor half(Tensor positive) {
    Tensor labels = positive.copy();
    for (int i = 0; i < labels.size(); i++) {
      if (labels.dtype() == DType.FLOAT64) {
        labels.write(i, new double[] {positive.get(i) - 0.5}, 0, 1);
      } else {
        labels.write(i, new float[] {(float) (positive.get(i) - 0.5)}, 0, 1);
      }
    }
    return labels;
  }

  private static Tensor like(Tensor tensor) {
    return Tensor.zeros(tensor.dtype(), tensor.shape());
  }
}
