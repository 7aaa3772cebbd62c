package io.tapestream.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.capture.CapturedStep;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Sum;
import io.tapestream.reference.Reference;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Differentiable;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What every layer keeps: its specification makes an equal layer, its output has the stated shape
 * and depends on each example alone, its gradients agree with finite differences in double
 * precision, single precision agrees with double, a batch in pieces gives the whole, a captured
 * step gives the same bits, and a wrong input is refused by name.
 */
final class LayerContract {
  private static final int ROWS = 3;
  private static final double STEP = 1e-6;
  private static final double TOLERANCE = 1e-7;
  private static final Context TRAINING = Context.training(7, 1, 5);

  private final Layer layer;
  private final Shape input;
  private final Shape output;

  private LayerContract(Layer layer, Shape input, Shape output) {
    this.layer = layer;
    this.input = input;
    this.output = output;
  }

  /** Checks a layer that turns examples of one shape into examples of the other. */
  static void check(Layer layer, Shape input, Shape output) {
    LayerContract contract = new LayerContract(layer, input, output);
    contract.specificationMakesAnEqualLayer();
    contract.gradientsAgreeWithFiniteDifferences();
    contract.singlePrecisionAgreesWithDouble();
    contract.piecesGiveTheWhole();
    contract.aCapturedStepGivesTheSameBits();
    contract.aWrongInputIsRefusedByName();
  }

  private void specificationMakesAnEqualLayer() {
    Layer again = Specs.read(Specs.toJson(layer), Layer.class);
    assertThat(again).hasSameClassAs(layer);
    assertThat(again.settings()).isEqualTo(layer.settings());
  }

  private void gradientsAgreeWithFiniteDifferences() {
    Sequential model = built(DType.FLOAT64);
    Tensor x = Tensor.of(draws(1, ROWS * input.size()), batched(input, ROWS));
    Tensor c = Tensor.of(draws(2, ROWS * output.size()), batched(output, ROWS));
    List<Variable> variables = model.parameters().trainedVariables();
    List<Tensor> checked = new ArrayList<>(List.of(x));
    variables.forEach(v -> checked.add(v.value()));

    List<Tensor> gradients;
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor y = model.apply(x, TRAINING);
      assertThat(y.shape()).isEqualTo(output.prepend(ROWS));
      gradients = tape.gradient(Sum.of(Multiply.of(y, c)), checked);
    }
    for (int i = 0; i < checked.size(); i++) {
      double[] expected = finiteDifferences(model, x, c, checked.get(i));
      double[] actual = gradients.get(i).toDoubles();
      String of = i == 0 ? "the input" : variables.get(i - 1).name();
      assertThat(actual).as("gradient for %s", of).containsExactly(expected, within(TOLERANCE));
    }
  }

  private static double[] finiteDifferences(Sequential model, Tensor x, Tensor c, Tensor of) {
    double[] at = of.toDoubles();
    double[] slopes = new double[at.length];
    for (int i = 0; i < at.length; i++) {
      double up = perturbed(model, x, c, of, i, at[i] + STEP);
      double down = perturbed(model, x, c, of, i, at[i] - STEP);
      of.write(i, new double[] {at[i]}, 0, 1);
      slopes[i] = (up - down) / (2 * STEP);
    }
    return slopes;
  }

  private static double perturbed(
      Sequential model, Tensor x, Tensor c, Tensor of, int i, double value) {
    of.write(i, new double[] {value}, 0, 1);
    return Sum.of(Multiply.of(model.apply(x, TRAINING), c)).item();
  }

  private void singlePrecisionAgreesWithDouble() {
    double[] x = draws(1, ROWS * input.size());
    Tensor single = Tensor.of(floats(x), batched(input, ROWS));
    Tensor twice = Tensor.of(x, batched(input, ROWS));
    for (Context context : List.of(TRAINING, Context.inference())) {
      double[] expected = built(DType.FLOAT64).apply(twice, context).toDoubles();
      double[] actual = built(DType.FLOAT32).apply(single, context).toDoubles();
      assertThat(actual).containsExactly(expected, within(1e-5));
    }
  }

  private void piecesGiveTheWhole() {
    Sequential model = built(DType.FLOAT64);
    Tensor x = Tensor.of(draws(1, ROWS * input.size()), batched(input, ROWS));
    double[] whole = model.apply(x, TRAINING).toDoubles();
    for (int row = 0; row < ROWS; row++) {
      double[] piece = model.apply(x.slice(row, row + 1), TRAINING.from(row)).toDoubles();
      double[] same = Arrays.copyOfRange(whole, row * output.size(), (row + 1) * output.size());
      assertThat(piece).as("row %d", row).containsExactly(same, within(1e-12));
    }
  }

  private void aCapturedStepGivesTheSameBits() {
    Sequential model = built(DType.FLOAT32);
    Tensor c = Tensor.of(floats(draws(2, ROWS * output.size())), batched(output, ROWS));
    CapturedStep.Body body =
        (context, in) -> {
          try (GradientTape tape = new GradientTape()) {
            tape.watch(in.get(0));
            Tensor y = model.apply(in.get(0), context);
            List<Differentiable> sources = new ArrayList<>(model.parameters().trainedVariables());
            sources.add(in.get(0));
            List<Tensor> results =
                new ArrayList<>(tape.gradient(Sum.of(Multiply.of(y, c)), sources));
            results.add(y);
            return results;
          }
        };
    try (CapturedStep captured = new CapturedStep(body, false);
        CapturedStep eager = new CapturedStep(body, true)) {
      for (int step = 0; step < 4; step++) {
        Context context = Context.training(7, 1, step).from(step);
        Tensor x = Tensor.of(floats(draws(4 + step, ROWS * input.size())), batched(input, ROWS));
        List<Tensor> expected = eager.run(context, x);
        List<Tensor> actual = captured.run(context, x);
        for (int i = 0; i < expected.size(); i++) {
          assertThat(actual.get(i).toFloats()).isEqualTo(expected.get(i).toFloats());
        }
      }
      assertThat(captured.programs()).as("%s is captured", layer).isEqualTo(1);
    }
  }

  private void aWrongInputIsRefusedByName() {
    Sequential model = built(DType.FLOAT32);
    Tensor wrong = Tensor.zeros(DType.FLOAT32, input.with(0, input.dim(0) + 1).prepend(ROWS));
    assertThatThrownBy(() -> layer.apply(wrong, TRAINING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + layer.name() + "\" (" + layer.getClass().getSimpleName() + ")")
        .hasMessageContaining(Layer.withBatch(input))
        .hasMessageContaining(wrong.shape().toString());
    assertThat(model.outputShape()).isEqualTo(output);
  }

  /** A model of this layer alone, whose parameters, biases too, are random. */
  private Sequential built(DType dtype) {
    Sequential model = Sequential.of(layer);
    model.build(input, 3, dtype);
    double[] random = draws(3, model.parameters().size());
    if (dtype == DType.FLOAT64) {
      model.parameters().values().write(0, random, 0, random.length);
    } else {
      model.parameters().load(0, floats(random), 0, random.length);
    }
    return model;
  }

  private static double[] draws(int salt, int count) {
    float[] uniform = Reference.uniform(salt, count);
    return IntStream.range(0, count).mapToDouble(i -> 2.0 * uniform[i] - 1).toArray();
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  private static int[] batched(Shape example, int rows) {
    return example.prepend(rows).dims();
  }
}
