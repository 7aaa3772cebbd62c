package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backends;
import io.tapestream.initializers.GlorotUniform;
import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Layer;
import io.tapestream.losses.Loss;
import io.tapestream.losses.MeanSquaredError;
import io.tapestream.models.Model;
import io.tapestream.ops.GatherRows;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Mean;
import io.tapestream.ops.Reshape;
import io.tapestream.ops.Transpose;
import io.tapestream.optimizers.Adagrad;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of which a step takes few rows: only these are cleared, added up and updated. */
class TableRowsTest {
  private static final int ROWS = 5_000; // of 16 values: more than one of the update's ranges
  private static final int WIDTH = 16;
  private static final int IDS = 3;
  private static final Loss LOSS = new MeanSquaredError();

  /** A table, its rows taken by ids that come as real numbers. */
  private static final class Table extends Layer {
    private Variable rows;

    @Override
    public Record settings() {
      return new Model.None();
    }

    @Override
    protected void build(Shape input, Builder builder) {
      rows = builder.parameter("rows", Shape.of(ROWS, WIDTH), new GlorotUniform());
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return GatherRows.of(rows.value(), ids(x));
    }

    private static Tensor ids(Tensor x) {
      Tensor ids = Tensor.allocate(DType.INT64, x.shape());
      Backends.of(x.dtype()).copy(x, ids);
      return ids;
    }
  }

  /** Rows of a table to a number; perhaps scored against all of the table's rows too. */
  private static final class Recommender extends Model {
    private final Table table = new Table();
    private final Dense output = new Dense(1);
    private final boolean tied;

    Recommender(boolean tied) {
      this.tied = tied;
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      Tensor rows = table.apply(x, context);
      Tensor flat = Reshape.of(rows, Shape.of(x.dim(0), IDS * WIDTH));
      if (!tied) {
        return output.apply(flat, context);
      }
      Tensor few = Reshape.of(rows, Shape.of(x.dim(0) * IDS, WIDTH));
      Tensor scores = MatMul.of(few, Transpose.of(table.rows.value()));
      return output.apply(Reshape.of(scores, Shape.of(x.dim(0), IDS * ROWS)), context);
    }
  }

  private static Model recommender(boolean tied) {
    Model model = new Recommender(tied);
    model.build(Shape.of(IDS), 3);
    return model;
  }

  private static Batch batch(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] ids = new float[n * IDS];
    float[] labels = new float[n];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(4) == 0 ? 7 : random.nextInt(ROWS); // one that all like
    }
    for (int i = 0; i < n; i++) {
      labels[i] = (float) random.nextDouble();
    }
    return Batch.of(Tensor.of(ids, n, IDS), Tensor.of(labels, n, 1));
  }

  @ParameterizedTest
  @CsvSource({"1, false, false", "2, false, false", "2, true, false", "1, false, true"})
  void theGradientOfManyPiecesIsThatOfOneTapeWhateverStepsCameBefore(
      int threads, boolean eagerly, boolean tied) {
    Model model = recommender(tied);
    StepSettings settings = new StepSettings(8, threads, 1);
    settings = eagerly ? settings.runEagerly() : settings;
    try (TrainingStep step = new TrainingStep(model, LOSS, List.of(), settings)) {
      for (int i = 0; i < 5; i++) {
        Batch batch = batch(20 + 9 * (i % 2), i);
        StepResult result = step.run(batch, 0, i);
        float[] gradient = model.parameters().gradients().toFloats();
        float[] expected = oneTape(model, batch);
        double squares = 0;
        for (int k = 0; k < expected.length; k++) {
          assertThat(gradient[k]).isCloseTo(expected[k], within(1e-5f));
          squares += (double) gradient[k] * gradient[k];
        }
        assertThat(result.gradientNorm()).isCloseTo(Math.sqrt(squares), within(1e-9));
      }
    }
  }

  /** Written into tensors of which nothing is known. */
  private static float[] oneTape(Model model, Batch batch) {
    List<Tensor> into =
        model.trainableVariables().stream()
            .map(v -> Tensor.zeros(DType.FLOAT32, v.tensor().shape()))
            .toList();
    try (GradientTape tape = new GradientTape()) {
      Tensor y = model.apply(batch.features(), Context.training(1, 0, 0));
      Tensor losses = LOSS.perExample(y, batch.labels());
      tape.gradientInto(losses, batch.weights(), model.trainableVariables(), into);
    }
    Tensor flat = Tensor.zeros(DType.FLOAT32, Shape.of(model.parameters().size()));
    int at = 0;
    for (Tensor part : into) {
      flat.view(at, part.shape()).copyFrom(part);
      at += part.size();
    }
    return flat.toFloats();
  }

  @Test
  void theStepKnowsWhichRowsItHasTouched() {
    Model model = recommender(false);
    try (TrainingStep step = new TrainingStep(model, LOSS, List.of(), StepSettings.of(1))) {
      for (int i = 0; i < 3; i++) {
        Batch batch = batch(6, i);
        step.run(batch, 0, i);
        var touched =
            Objects.requireNonNull(model.parameters().trainedVariables().get(0).touchedRows());
        float[] ids = batch.features().toFloats();
        assertThat(touched.all()).isFalse();
        assertThat(touched.rows().toLongs())
            .doesNotHaveDuplicates()
            .containsExactlyInAnyOrder(distinct(ids));
      }
    }
  }

  private static long[] distinct(float[] ids) {
    long[] whole = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      whole[i] = (long) ids[i];
    }
    return Arrays.stream(whole).distinct().toArray();
  }

  @Test
  void plainDescentOnTouchedRowsHasTheBitsOfDescentOnAll() {
    float[] rows = trained(new Sgd(0.5), false);
    assertThat(rows).isEqualTo(trained(new Sgd(0.5), true));
    assertThat(trained(new Adagrad(0.1), false)).isEqualTo(trained(new Adagrad(0.1), true));
  }

  @Test
  void anOptimizerThatMovesRowsWithoutGradientStillMovesThem() {
    float[] rows = trained(new Adam(0.01), false);
    assertThat(rows).isEqualTo(trained(new Adam(0.01), true));
    Model model = recommender(false);
    float[] before = model.parameters().values().toFloats();
    VectorUpdate update = new VectorUpdate(model, new Adam(0.01));
    accumulate(model, batch(4, 1));
    update.applyGradients();
    float[] once = model.parameters().values().toFloats();
    accumulate(model, batch(4, 2));
    update.applyGradients();
    float[] twice = model.parameters().values().toFloats();
    int row = WIDTH * (int) batch(4, 1).features().get(0);
    assertThat(once[row]).isNotEqualTo(before[row]);
    assertThat(twice[row]).as("its momentum goes on").isNotEqualTo(once[row]);
  }

  /** Parameters after some steps of fit. */
  private static float[] trained(Optimizer optimizer, boolean allRows) {
    Model model = recommender(false);
    VectorUpdate update = new VectorUpdate(model, optimizer);
    try (TrainingStep step = new TrainingStep(model, LOSS, List.of(), StepSettings.of(1))) {
      for (int i = 0; i < 6; i++) {
        StepResult result = step.run(batch(10, i), 0, i);
        if (allRows) {
          model.parameters().trainedVariables().forEach(Variable::gradient);
        }
        update.apply(result.weightSum(), i);
      }
    }
    return model.parameters().values().toFloats();
  }

  @Test
  void aLoopOfOnesOwnUpdatesTheRowsItHasTouched() {
    Model model = recommender(false);
    float[] expected = model.parameters().values().toFloats();
    VectorUpdate update = new VectorUpdate(model, new Sgd(0.5));
    for (int i = 0; i < 3; i++) {
      Batch batch = batch(5, i);
      accumulate(model, batch);
      float[] gradient = model.parameters().gradients().toFloats();
      for (int k = 0; k < expected.length; k++) {
        expected[k] -= 0.5f * gradient[k];
      }
      update.applyGradients();
      assertThat(model.parameters().gradients().toFloats()).containsOnly(0);
    }
    assertThat(model.parameters().values().toFloats()).isEqualTo(expected);
  }

  private static void accumulate(Model model, Batch batch) {
    try (GradientTape tape = new GradientTape()) {
      Tensor y = model.apply(batch.features(), Context.training(1, 0, 0));
      Tensor losses = LOSS.perExample(y, batch.labels());
      tape.accumulate(Mean.of(losses), model.trainableVariables());
    }
  }
}
