package io.tapestream.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.capture.CapturedStep;
import io.tapestream.models.Model;
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
 * precision, single precision agrees with double, a batch in pieces gives the whole, and a wrong
 * input is refused by name.
 */
final class LayerContract {
  private static final int ROWS = 3;
  private static final double STEP = 1e-6;
  private static final double TOLERANCE = 1e-7;
  private static final Context TRAINING = Context.training(7, 1, 5);

  /** A model of one layer. */
  private static final class Alone extends Model {
    private final Layer layer;

    Alone(Layer layer) {
      this.layer = layer;
    }

    @Override
    protected List<Tensor> callAll(List<Tensor> inputs, Context context) {
      return layer.applyAll(inputs, context);
    }

    /** The layer's first output. */
    Tensor output(List<Tensor> inputs, Context context) {
      return applyAll(inputs, context).get(0);
    }
  }

  private final Layer layer;
  private final List<Shape> inputs;
  private final Shape output;

  /** The number of ids that the input names, or 0 if it is numbers. */
  private final int ids;

  private LayerContract(Layer layer, List<Shape> inputs, Shape output, int ids) {
    this.layer = layer;
    this.inputs = inputs;
    this.output = output;
    this.ids = ids;
  }

  /** Checks a layer that turns examples of these shapes, one an input, into examples of another. */
  static void check(Layer layer, List<Shape> inputs, Shape output) {
    int ids = layer instanceof Embedding embedding ? embedding.settings().inputDim() : 0;
    LayerContract contract = new LayerContract(layer, inputs, output, ids);
    contract.specificationMakesAnEqualLayer();
    contract.gradientsAgreeWithFiniteDifferences();
    contract.singlePrecisionAgreesWithDouble();
    if (!layer.couplesExamples()) {
      contract.piecesGiveTheWhole();
    }
    contract.aCapturedStepGivesTheSameBits();
    contract.anEmptyBatchGivesAnEmptyOne();
    contract.aWrongInputIsRefusedByName();
  }

  private void specificationMakesAnEqualLayer() {
    Layer again = Specs.read(Specs.toJson(layer), Layer.class);
    assertThat(again).hasSameClassAs(layer);
    assertThat(again.settings()).isEqualTo(layer.settings());
  }

  private void gradientsAgreeWithFiniteDifferences() {
    Alone model = built(DType.FLOAT64);
    List<Tensor> x = inputs(DType.FLOAT64);
    Tensor c = Tensor.of(draws(2, ROWS * output.size()), output.prepend(ROWS).dims());
    List<Variable> variables = model.parameters().trainedVariables();
    List<Tensor> checked = new ArrayList<>(ids > 0 ? List.of() : x);
    variables.forEach(v -> checked.add(v.value()));

    List<Tensor> gradients;
    try (GradientTape tape = new GradientTape()) {
      checked.forEach(tape::watch);
      Tensor y = model.output(x, TRAINING);
      assertThat(y.shape()).isEqualTo(output.prepend(ROWS));
      gradients = tape.gradient(Sum.of(Multiply.of(y, c)), checked);
    }
    for (int i = 0; i < checked.size(); i++) {
      double[] expected = finiteDifferences(model, x, c, checked.get(i));
      double[] actual = gradients.get(i).toDoubles();
      int variable = i - (ids > 0 ? 0 : x.size());
      String of = variable < 0 ? "input " + i : variables.get(variable).name();
      assertThat(actual).as("gradient for %s", of).containsExactly(expected, within(TOLERANCE));
    }
  }

  private static double[] finiteDifferences(Alone model, List<Tensor> x, Tensor c, Tensor of) {
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
      Alone model, List<Tensor> x, Tensor c, Tensor of, int i, double value) {
    of.write(i, new double[] {value}, 0, 1);
    return Sum.of(Multiply.of(model.output(x, TRAINING), c)).item();
  }

  private void singlePrecisionAgreesWithDouble() {
    for (Context context : List.of(TRAINING, Context.inference())) {
      double[] expected = built(DType.FLOAT64).output(inputs(DType.FLOAT64), context).toDoubles();
      double[] actual = built(DType.FLOAT32).output(inputs(DType.FLOAT32), context).toDoubles();
      assertThat(actual).containsExactly(expected, within(1e-5));
    }
  }

  private void piecesGiveTheWhole() {
    Alone model = built(DType.FLOAT64);
    List<Tensor> x = inputs(DType.FLOAT64);
    double[] whole = model.output(x, TRAINING).toDoubles();
    for (int row = 0; row < ROWS; row++) {
      int from = row;
      List<Tensor> one = x.stream().map(tensor -> tensor.slice(from, from + 1)).toList();
      double[] piece = model.output(one, TRAINING.from(row)).toDoubles();
      double[] same = Arrays.copyOfRange(whole, row * output.size(), (row + 1) * output.size());
      assertThat(piece).as("row %d", row).containsExactly(same, within(1e-12));
    }
  }

  private void aCapturedStepGivesTheSameBits() {
    Alone model = built(DType.FLOAT32);
    Tensor c = Tensor.of(floats(draws(2, ROWS * output.size())), output.prepend(ROWS).dims());
    CapturedStep.Body body =
        (context, in) -> {
          try (GradientTape tape = new GradientTape()) {
            in.forEach(tape::watch);
            Tensor y = model.output(in, context);
            List<Differentiable> sources = new ArrayList<>(model.parameters().trainedVariables());
            sources.addAll(in);
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
        Tensor[] x = inputs(DType.FLOAT32, 4 + step).toArray(Tensor[]::new);
        List<Tensor> expected = eager.run(context, x);
        List<Tensor> actual = captured.run(context, x);
        for (int i = 0; i < expected.size(); i++) {
          assertThat(actual.get(i).toFloats()).isEqualTo(expected.get(i).toFloats());
        }
      }
      assertThat(captured.programs()).as("%s is captured", layer).isEqualTo(1);
    }
  }

  private void anEmptyBatchGivesAnEmptyOne() {
    Alone model = built(DType.FLOAT32);
    List<Tensor> none =
        inputs.stream().map(input -> Tensor.zeros(DType.FLOAT32, input.prepend(0))).toList();
    for (Context context : List.of(TRAINING, Context.inference())) {
      try (GradientTape tape = new GradientTape()) {
        List<Variable> variables = model.parameters().trainedVariables();
        none.forEach(tape::watch);
        Tensor y = model.output(none, context);
        assertThat(y.shape()).isEqualTo(output.prepend(0));
        tape.accumulate(Sum.of(y), variables);
        variables.forEach(v -> assertThat(v.gradient().toFloats()).containsOnly(0));
      }
    }
  }

  private void aWrongInputIsRefusedByName() {
    Alone model = built(DType.FLOAT32);
    List<Tensor> wrong = new ArrayList<>(inputs(DType.FLOAT32));
    Shape first = inputs.get(0);
    Tensor longer = Tensor.zeros(DType.FLOAT32, first.with(0, first.dim(0) + 1).prepend(ROWS));
    wrong.set(0, longer);
    assertThatThrownBy(() -> layer.applyAll(wrong, TRAINING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + layer.name() + "\" (" + layer.getClass().getSimpleName() + ")")
        .hasMessageContaining(Layer.withBatch(inputs))
        .hasMessageContaining(longer.shape().toString());
    assertThat(model.outputShapes().get(0)).isEqualTo(output);
  }

  /** A model of this layer alone, whose parameters, biases too, are random. */
  private Alone built(DType dtype) {
    Alone model = new Alone(layer);
    model.build(inputs, 3, dtype);
    double[] random = draws(3, model.parameters().size());
    for (int i = model.parameters().trainedSize(); i < random.length; i++) {
      random[i] = Math.abs(random[i]); // it may be a variance
    }
    if (dtype == DType.FLOAT64) {
      model.parameters().values().write(0, random, 0, random.length);
    } else {
      model.parameters().load(0, floats(random), 0, random.length);
    }
    return model;
  }

  /** A batch: numbers of −1 … 1, or ids. */
  private List<Tensor> inputs(DType dtype) {
    return inputs(dtype, 1);
  }

  private List<Tensor> inputs(DType dtype, int salt) {
    List<Tensor> batch = new ArrayList<>();
    for (Shape input : inputs) {
      double[] x = draws(salt + 10 * batch.size(), ROWS * input.size());
      for (int i = 0; i < x.length && ids > 0; i++) {
        x[i] = Math.floor((x[i] + 1) / 2 * ids);
      }
      int[] dims = input.prepend(ROWS).dims();
      batch.add(dtype == DType.FLOAT64 ? Tensor.of(x, dims) : Tensor.of(floats(x), dims));
    }
    return batch;
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
}
