package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.UnconnectedGradients;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Padding;
import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.layers.LayerCases;
import io.tapestream.models.Model;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Whatever shapes, types and values ops and layers are given, they compute something or refuse it
 * with an error that says who refuses: nothing crashes, and nothing else is thrown. A case is drawn
 * from its number; {@code -Dtapestream.fuzz.cases=100000} tries more of them.
 */
@SuppressWarnings("try") // workspace scopes act by being open
class BadInputTest {
  private static final int CASES = Integer.getInteger("tapestream.fuzz.cases", 3000);
  private static final double[] ODD_VALUES = {
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    0,
    -0.0,
    1e30,
    -1e30,
    1e-40,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    0.5,
    -1
  };

  /** An op on tensors of shapes that it takes, the name that its errors bear. */
  private record Op(String name, List<Shape> shapes, Function<List<Tensor>, Tensor> of) {}

  private static Op op(String name, Function<List<Tensor>, Tensor> of, Shape... shapes) {
    return new Op(name, List.of(shapes), of);
  }

  private static Shape s(int... dims) {
    return Shape.of(dims);
  }

  private static List<Op> ops() {
    Map<String, Function<Tensor, Tensor>> unary = new LinkedHashMap<>();
    unary.put("Abs", Abs::of);
    unary.put("Elu", Elu::of);
    unary.put("Exp", Exp::of);
    unary.put("Log", Log::of);
    unary.put("Negative", Negative::of);
    unary.put("Relu", Relu::of);
    unary.put("Sigmoid", Sigmoid::of);
    unary.put("Sqrt", Sqrt::of);
    unary.put("Square", Square::of);
    unary.put("Tanh", Tanh::of);
    unary.put("Softmax", Softmax::of);
    unary.put("LogSoftmax", LogSoftmax::of);
    unary.put("ArgMax", ArgMax::of);
    unary.put("Gelu", x -> Gelu.of(x, false));
    unary.put("Rectify", x -> Rectify.of(x, 0.1, 0.2, 3));
    unary.put("Clip", x -> Clip.of(x, -1, 1));
    unary.put("Scale", x -> Scale.of(x, 3));
    unary.put("Dropout", x -> DropoutOp.of(x, 0.3, 7, 0));
    unary.put("Sum", x -> Sum.of(x));
    unary.put("Mean", x -> Mean.of(x));
    unary.put("Max", x -> Max.of(x));
    unary.put("Transpose", x -> Transpose.of(x));
    List<Op> ops = new ArrayList<>();
    unary.forEach((name, f) -> ops.add(op(name, in -> f.apply(in.get(0)), s(2, 3))));
    ops.add(op("Sum", in -> Sum.of(in.get(0), -1), s(2, 3)));
    ops.add(op("Max", in -> Max.of(in.get(0), 1), s(2, 3)));
    ops.add(op("Reverse", in -> Reverse.of(in.get(0), 1), s(2, 3)));
    ops.add(op("Slice", in -> Slice.of(in.get(0), 1, 1, 2), s(2, 3)));
    ops.add(op("Transpose", in -> Transpose.of(in.get(0), 1, 0), s(2, 3)));
    ops.add(op("Reshape", in -> Reshape.of(in.get(0), s(3, 2)), s(2, 3)));
    ops.add(op("BroadcastTo", in -> BroadcastTo.of(in.get(0), s(2, 3)), s(1, 3)));
    ops.add(op("Add", in -> Add.of(in.get(0), in.get(1)), s(2, 3), s(3)));
    ops.add(op("Subtract", in -> Subtract.of(in.get(0), in.get(1)), s(2, 3), s(2, 1)));
    ops.add(op("Multiply", in -> Multiply.of(in.get(0), in.get(1)), s(1, 3), s(2, 1)));
    ops.add(op("Maximum", in -> Maximum.of(in.get(0), in.get(1)), s(2, 3), s(2, 1)));
    ops.add(op("Minimum", in -> Minimum.of(in.get(0), in.get(1)), s(1, 3), s(2, 1)));
    ops.add(op("Divide", in -> Divide.of(in.get(0), in.get(1)), s(2, 3), s()));
    ops.add(op("MatMul", in -> MatMul.of(in.get(0), in.get(1)), s(2, 3), s(3, 4)));
    ops.add(
        op(
            "BatchMatMul",
            in -> BatchMatMul.of(in.get(0), in.get(1), true),
            s(2, 2, 3),
            s(2, 4, 3)));
    ops.add(op("Concat", in -> Concat.of(1, in), s(2, 3), s(2, 1)));
    ops.add(
        op(
            "Affine",
            in -> Affine.of(in.get(0), in.get(1), in.get(2), Activation.RELU),
            s(2, 3),
            s(3, 2),
            s(2)));
    ops.add(
        op(
            "BiasActivation",
            in -> BiasActivation.of(in.get(0), in.get(1), Activation.TANH),
            s(2, 3),
            s(3)));
    ops.add(
        op(
            "Conv2d",
            in -> Conv2d.of(in.get(0), in.get(1), in.get(2), Activation.RELU, 1, 2, Padding.SAME),
            s(2, 4, 4, 2),
            s(3, 2, 2, 3),
            s(3)));
    ops.add(
        op("MaxPool2d", in -> MaxPool2d.of(in.get(0), 2, 2, 1, 2, Padding.VALID), s(2, 4, 4, 2)));
    ops.add(
        op(
            "AveragePool2d",
            in -> AveragePool2d.of(in.get(0), 2, 2, 2, 1, Padding.SAME),
            s(2, 4, 4, 2)));
    ops.add(op("GatherRows", in -> GatherRows.of(in.get(0), in.get(1)), s(3, 2), s(2)));
    ops.add(op("OneHot", in -> OneHot.of(in.get(0), 3, DType.FLOAT32), s(3)));
    ops.add(
        op(
            "SoftmaxCrossEntropy",
            in -> SoftmaxCrossEntropy.of(in.get(0), in.get(1)),
            s(2, 3),
            s(2)));
    ops.add(
        op(
            "SigmoidCrossEntropy",
            in -> SigmoidCrossEntropy.of(in.get(0), in.get(1)),
            s(2, 3),
            s(2, 3)));
    ops.add(
        op(
            "BatchNorm",
            in ->
                BatchNorm.of(
                    in.get(0),
                    in.get(1),
                    in.get(1),
                    0.1,
                    in.get(2),
                    Tensor.zeros(in.get(2).dtype(), in.get(2).shape())),
            s(3, 2),
            s(2),
            s(2)));
    ops.add(
        op(
            "LayerNorm",
            in -> LayerNorm.of(in.get(0), in.get(1), in.get(2), 0.1),
            s(3, 2),
            s(2),
            s(2)));
    ops.add(
        op(
            "Normalize",
            in -> Normalize.of(in.get(0), in.get(1), in.get(2), null, null, 0.1),
            s(3, 2),
            s(2),
            s(2)));
    ops.add(
        op(
            "Lstm",
            in ->
                Lstm.of(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    in.get(3),
                    in.get(4),
                    in.get(4),
                    Activation.SIGMOID,
                    Activation.TANH),
            s(2, 3, 2),
            s(2, 8),
            s(2, 8),
            s(8),
            s(2, 2)));
    ops.add(
        op(
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
            s(2, 3, 2),
            s(2, 6),
            s(2, 6),
            s(2, 6),
            s(2, 2)));
    return ops;
  }

  @Test
  void opsComputeOrRefuse() {
    List<Op> ops = ops();
    int computed = 0;
    try (Workspace workspace = new Workspace()) {
      for (int number = 0; number < CASES / 2; number++) {
        SplittableRandom random = new SplittableRandom(number);
        Op op = ops.get(random.nextInt(ops.size()));
        List<Tensor> inputs = List.of();
        try (Workspace.Scope scope = workspace.enter()) {
          inputs = tensors(op.shapes(), random);
          differentiate(op.of(), inputs);
          computed++;
        } catch (IllegalArgumentException e) {
          // a class or an id that does not exist is found by the backend, which names its place
          assertThat(e.getMessage())
              .as("%d: %s of %s", number, op.name(), inputs)
              .containsAnyOf(op.name(), "row ", "id ");
        } catch (IndexOutOfBoundsException e) {
          assertThat(e).as("%d: %s of %s", number, op.name(), inputs).hasMessageContaining("axis");
        } catch (RuntimeException e) {
          throw new AssertionError(number + ": " + op.name() + " of " + inputs, e);
        }
      }
    }
    assertThat(computed).as("cases that were computed").isGreaterThan(CASES / 20);
  }

  @Test
  void layersComputeOrRefuse() {
    List<LayerCases.Built> layers = LayerCases.built();
    int computed = 0;
    try (Workspace workspace = new Workspace()) {
      for (int number = 0; number < CASES / 2; number++) {
        SplittableRandom random = new SplittableRandom(-1 - number);
        LayerCases.Built built = layers.get(random.nextInt(layers.size()));
        Layer layer = built.layer();
        List<Tensor> inputs = List.of();
        try (Workspace.Scope scope = workspace.enter()) {
          int rows = random.nextInt(4);
          List<Shape> batches = built.inputs().stream().map(input -> input.prepend(rows)).toList();
          inputs = tensors(batches, random);
          Context context =
              random.nextBoolean() ? Context.inference() : Context.training(1, 2, number);
          differentiate(in -> layer.applyAll(in, context).get(0), inputs);
          computed++;
        } catch (IllegalArgumentException e) {
          assertThat(e)
              .as("%d: %s of %s", number, layer, inputs)
              .hasMessageContaining("(" + layer.getClass().getSimpleName() + ")");
        } catch (RuntimeException e) {
          throw new AssertionError(number + ": " + layer + " of " + inputs, e);
        }
      }
    }
    assertThat(computed).as("cases that were computed").isGreaterThan(CASES / 20);
    layers.stream().map(LayerCases.Built::model).forEach(Model::close);
  }

  /** A layer that is built for such inputs says what it expects of them. */
  @Test
  void layersAreBuiltOrRefuse() {
    List<LayerCases.Built> layers = LayerCases.built();
    for (int number = 0; number < CASES / 10; number++) {
      SplittableRandom random = new SplittableRandom(number * 31L + 7);
      LayerCases.Built built = layers.get(random.nextInt(layers.size()));
      List<Shape> inputs = built.inputs().stream().map(input -> mutated(input, random)).toList();
      try {
        LayerCases.describe(built, inputs);
      } catch (IllegalArgumentException e) {
        assertThat(e)
            .as("%d: %s of %s", number, built.layer(), inputs)
            .hasMessageContaining("(" + built.layer().getClass().getSimpleName() + ")");
      } catch (RuntimeException e) {
        throw new AssertionError(number + ": " + built.layer() + " of " + inputs, e);
      }
    }
    layers.stream().map(LayerCases.Built::model).forEach(Model::close);
  }

  private static void differentiate(
      Function<List<Tensor>, Tensor> computation, List<Tensor> inputs) {
    List<Tensor> watched =
        inputs.stream().filter(tensor -> tensor.dtype().isFloating()).distinct().toList();
    try (GradientTape tape = new GradientTape()) {
      watched.forEach(tape::watch);
      Tensor y = computation.apply(inputs);
      if (y.dtype().isFloating() && !watched.isEmpty()) {
        tape.gradient(List.of(Sum.of(y)), watched, UnconnectedGradients.ZERO);
      }
    }
  }

  private static List<Tensor> tensors(List<Shape> shapes, SplittableRandom random) {
    boolean sameType = random.nextInt(5) > 0;
    boolean sameShapes = random.nextInt(3) == 0;
    DType type = type(random);
    List<Tensor> tensors = new ArrayList<>();
    for (Shape shape : shapes) {
      Shape given = sameShapes ? shape : mutated(shape, random);
      tensors.add(tensor(sameType ? type : type(random), given, random));
    }
    return tensors;
  }

  private static DType type(SplittableRandom random) {
    int draw = random.nextInt(10);
    return draw < 7 ? DType.FLOAT32 : draw < 8 ? DType.FLOAT64 : DType.INT64;
  }

  /** The shape, perhaps with a length changed or with an axis more or less. */
  private static Shape mutated(Shape shape, SplittableRandom random) {
    List<Integer> dims = new ArrayList<>();
    for (int dim : shape.dims()) {
      dims.add(dim);
    }
    switch (random.nextInt(5)) {
      case 0 -> dims.add(random.nextInt(dims.size() + 1), random.nextInt(3));
      case 1 -> {
        if (!dims.isEmpty()) {
          dims.remove(random.nextInt(dims.size()));
        }
      }
      case 2 -> {
        if (!dims.isEmpty()) {
          dims.set(random.nextInt(dims.size()), random.nextInt(5));
        }
      }
      default -> {}
    }
    return Shape.of(dims.stream().mapToInt(Integer::intValue).toArray());
  }

  private static Tensor tensor(DType type, Shape shape, SplittableRandom random) {
    boolean odd = random.nextInt(4) == 0;
    Tensor tensor = Tensor.allocate(type, shape);
    for (int i = 0; i < tensor.size(); i++) {
      double value =
          odd && random.nextInt(3) == 0
              ? ODD_VALUES[random.nextInt(ODD_VALUES.length)]
              : random.nextInt(3);
      switch (type) {
        case FLOAT32 -> tensor.write(i, new float[] {(float) value}, 0, 1);
        case FLOAT64 -> tensor.write(i, new double[] {value}, 0, 1);
        case INT64 -> tensor.write(i, new long[] {(long) value}, 0, 1);
      }
    }
    return tensor;
  }
}
