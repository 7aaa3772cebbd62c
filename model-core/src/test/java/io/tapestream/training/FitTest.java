package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Input;
import io.tapestream.layers.Layer;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.losses.CategoricalCrossEntropy;
import io.tapestream.losses.Loss;
import io.tapestream.losses.MeanSquaredError;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.losses.SumLoss;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Functional;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Mean;
import io.tapestream.ops.Square;
import io.tapestream.ops.Subtract;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FitTest {

  /** The same network, subclassed. */
  public static final class Perceptron extends Model {
    private final Dense hidden = new Dense(8, ActivationFunction.TANH);
    private final Dense logits = new Dense(3);

    @Override
    protected Tensor call(Tensor x, Context context) {
      return logits.apply(hidden.apply(x, context), context);
    }
  }

  static Stream<Supplier<Model>> kinds() {
    return Stream.of(FitTest::sequential, FitTest::functional, Perceptron::new);
  }

  private static Model sequential() {
    return Sequential.of(new Dense(8, ActivationFunction.TANH), new Dense(3));
  }

  private static Model functional() {
    SymbolicTensor x = Input.of(4);
    return Model.of(x, new Dense(3).apply(new Dense(8, ActivationFunction.TANH).apply(x)));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindOfModelIsTrainedTriedAndAskedAlike(Supplier<Model> kind) {
    Model model = compiled(kind.get());
    Batch data = clusters(120);

    History history = model.fit(data, FitOptions.of(16, 6).shuffled(3).validatedOn(clusters(30)));

    assertThat(history.epochs()).hasSize(6);
    assertThat(history.metric("val_loss").get(5)).isLessThan(history.metric("val_loss").get(0));
    assertThat(model.evaluate(data)).isEqualTo(model.testOnBatch(data));
    assertThat(model.evaluate(List.of(data.slice(0, 64), data.slice(64, 120))).loss())
        .isCloseTo(model.evaluate(data).loss(), within(1e-9));
    assertThat(model.predictOnBatch(data.features()).toFloats())
        .containsExactly(model.predict(data.features()).toFloats(), within(1e-6f));
    assertThat(model.summary()).contains("Trained parameters: 67");
    assertThat(model.parameters().values().toFloats())
        .as("all kinds compute the same bits")
        .isEqualTo(fitted(FitOptions.of(16, 6).shuffled(3)));
  }

  @Test
  void trainOnBatchIsAStepOfFit() {
    Batch data = clusters(32);
    Model stepwise = compiled(sequential());

    Scores first = stepwise.trainOnBatch(data);
    stepwise.trainOnBatch(data);

    Model fitted = compiled(sequential());
    History history = fitted.fit(data, FitOptions.of(32, 2));
    assertThat(first).isEqualTo(history.epochs().get(0));
    assertThat(stepwise.parameters().values().toFloats())
        .isEqualTo(fitted.parameters().values().toFloats());
  }

  @Test
  void theShareForValidationIsTheLastAndIsNotTrainedOn() {
    Batch data = clusters(100);
    Model split = compiled(sequential());
    Model given = compiled(sequential());

    History ofSplit = split.fit(data, FitOptions.of(16, 3).shuffled(1).validatedOnLast(0.25));
    History ofGiven =
        given.fit(
            data.slice(0, 75), FitOptions.of(16, 3).shuffled(1).validatedOn(data.slice(75, 100)));

    assertThat(ofSplit).isEqualTo(ofGiven);
    assertThat(ofSplit.validation().get(2).examples()).isEqualTo(25);
    assertThat(split.parameters().values().toFloats())
        .isEqualTo(given.parameters().values().toFloats());
    assertThat(ofSplit.metric("val_accuracy")).hasSize(3);
    assertThatThrownBy(() -> split.fit(List.of(data), FitOptions.of(16, 1).validatedOnLast(0.2)))
        .hasMessageContaining("give validation data");
    assertThatThrownBy(() -> split.fit(data.slice(0, 1), FitOptions.of(1, 1).validatedOnLast(0.5)))
        .hasMessageContaining("leaves nothing on one side");
    assertThatThrownBy(() -> FitOptions.of(1, 1).validatedOnLast(1))
        .hasMessageContaining("must lie in [0, 1), got 1.0");
  }

  @Test
  void aRunThatGoesOnFromAnEpochMeetsTheSameBatches() {
    Batch data = clusters(50);
    Model once = compiled(sequential());
    Model twice = compiled(sequential());
    FitOptions options = FitOptions.of(16, 4).shuffled(9);

    once.fit(data, options);
    twice.fit(data, FitOptions.of(16, 2).shuffled(9));
    History rest = twice.fit(data, options.from(2));

    assertThat(rest.firstEpoch()).isEqualTo(2);
    assertThat(rest.epochs()).hasSize(2);
    assertThat(twice.parameters().values().toFloats())
        .isEqualTo(once.parameters().values().toFloats());
    assertThatThrownBy(() -> options.from(5)).hasMessageContaining("initialEpoch must lie in 0");
  }

  @Test
  void aClassCountsByItsWeightAsItsExamplesWould() {
    Batch data = clusters(30);
    float[] weights = new float[30];
    for (int i = 0; i < 30; i++) {
      weights[i] = i % 3 == 1 ? 2.5f : 1;
    }
    Map<Integer, Double> byClass = Map.of(1, 2.5);
    float[] expected = weightsAfter(data.weighted(Tensor.of(weights)), FitOptions.of(8, 2), SPARSE);

    assertThat(weightsAfter(data, FitOptions.of(8, 2).weighing(byClass), SPARSE))
        .isEqualTo(expected);
    float[] oneHot = new float[90];
    for (int i = 0; i < 30; i++) {
      oneHot[i * 3 + i % 3] = 1;
    }
    Batch rows = new Batch(data.features(), Tensor.of(oneHot, 30, 3), data.weights());
    assertThat(
            weightsAfter(
                rows,
                FitOptions.of(8, 2).weighing(byClass),
                Goal.of(new CategoricalCrossEntropy(true))))
        .containsExactly(expected, within(1e-5f));
  }

  private static final Goal SPARSE = Goal.of(new SparseCategoricalCrossEntropy(true));

  private static float[] weightsAfter(Batch data, FitOptions options, Goal goal) {
    Model model = sequential();
    model.build(Shape.of(4), 1);
    model.compile(new Adam(), List.of(goal));
    model.fit(data, options);
    return model.parameters().values().toFloats();
  }

  @Test
  void aRunThatLeavesTheFiniteNumbersSaysWhere() {
    Dense hidden = new Dense(2);
    Model model = Sequential.of(hidden, new Dense(1));
    model.build(Shape.of(2), 1);
    model.compile(new Sgd(0.1), new MeanSquaredError());
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor y = Tensor.of(new float[] {1, 2}, 2, 1);

    assertThatThrownBy(
            () -> model.trainOnBatch(Batch.of(x, Tensor.of(new float[] {1, Float.NaN}, 2, 1))))
        .hasMessageContaining("step 0 since compile")
        .hasMessageContaining("the target (2, 1) holds NaN in row 1");
    assertThatThrownBy(
            () -> model.fit(Batch.of(x, Tensor.of(new float[] {1e30f, 0}, 2, 1)), epochs(1)))
        .hasMessageContaining("predictions are finite, but the loss is Infinity");
    hidden.trainable(false);
    model.parameters().values().write(0, new float[] {3e38f, 3e38f}, 0, 2);
    assertThatThrownBy(() -> model.fit(Batch.of(x, y), epochs(1)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("layer \"dense\" (Dense) is the first whose output is not finite")
        .hasMessageContaining("lower the learning rate");
  }

  @Test
  void anErrorOfALossNamesItAndItsOutput() {
    SymbolicTensor x = Input.of(2);
    Model model =
        Model.of(
            List.of(x),
            List.of(new Dense(1).apply(x).named("a"), new Dense(3).apply(x).named("b")));
    model.build(Shape.of(2), 1);
    model.compile(
        new Sgd(0.1),
        List.of(Goal.of(new MeanSquaredError()), Goal.of(new SparseCategoricalCrossEntropy(true))));
    Tensor features = Tensor.of(new float[] {1, 2}, 1, 2);

    for (int i = 0; i < 3; i++) { // eagerly, traced, and repeated
      model.trainOnBatch(
          Batch.of(
              List.of(features),
              List.of(Tensor.of(new float[1], 1, 1), Tensor.of(new float[] {2}))));
      assertThatThrownBy(
              () ->
                  model.trainOnBatch(
                      Batch.of(
                          List.of(features),
                          List.of(Tensor.of(new float[1], 1, 1), Tensor.of(new float[] {7})))))
          .hasMessageContainingAll("output \"b\": SparseCategoricalCrossEntropy", "row 0", "7");
    }
  }

  /** A mean over the batch, which no loss may be. */
  private record OneForAll() implements Loss {
    @Override
    public Tensor perExample(Tensor predictions, Tensor labels) {
      return Mean.of(Square.of(Subtract.of(predictions, labels)));
    }
  }

  @Test
  void aLossThatIsNotOneNumberAnExampleAndTrainingInDoubleAreRefused() {
    Model model = Sequential.of(new Dense(1));
    model.build(Shape.of(2), 1);
    Batch batch = Batch.of(Tensor.of(new float[6], 3, 2), Tensor.of(new float[3], 3, 1));
    model.compile(new Sgd(0.1), new OneForAll());
    assertThatThrownBy(() -> model.trainOnBatch(batch))
        .hasMessageContaining("OneForAll: a loss gives one number for each of 3 examples, not ()");

    model.build(Shape.of(2), 1, DType.FLOAT64);
    model.compile(new Sgd(0.1), new MeanSquaredError());
    assertThatThrownBy(() -> model.fit(batch, epochs(1)))
        .hasMessageContaining("trained in FLOAT32; this one is built in FLOAT64");
  }

  @Test
  void trainingAndTryingOnNothingIsRefused() {
    Model model = Sequential.of(new Dense(1));
    model.build(Shape.of(2), 1);
    model.compile(new Sgd(0.1), new MeanSquaredError());
    Batch none = Batch.of(Tensor.of(new float[0], 0, 2), Tensor.of(new float[0], 0, 1));
    Batch one = Batch.of(Tensor.of(new float[2], 1, 2), Tensor.of(new float[1], 1, 1));
    Iterator<Batch> onlyOnce = List.of(one).iterator();

    assertThatThrownBy(() -> model.fit(none, epochs(1))).hasMessageContaining("no batch");
    assertThatThrownBy(() -> model.fit(() -> onlyOnce, epochs(2)))
        .hasMessageContaining("a new iterator for each epoch");
    assertThatThrownBy(() -> model.evaluate(none)).hasMessageContaining("no examples");
  }

  private static FitOptions epochs(int n) {
    return FitOptions.of(8, n);
  }

  @Test
  void callbacksAreToldInOrderAndMayEndTheRun() {
    List<String> told = new ArrayList<>();
    Callback noting =
        new Callback() {
          @Override
          public void onTrainBegin(Training training) {
            told.add("train of " + training.batches().orElse(-1));
          }

          @Override
          public void onEpochBegin(Training training, int epoch) {
            told.add("epoch " + epoch);
          }

          @Override
          public void onBatchBegin(Training training, int batch) {
            told.add("batch " + batch);
          }

          @Override
          public void onBatchEnd(Training training, int batch, Map<String, Double> values) {
            told.add("after " + batch + " " + values.keySet());
            if (batch == 1 && told.contains("epoch 1")) {
              training.stop();
            }
          }

          @Override
          public void onEpochEnd(Training training, int epoch, Map<String, Double> values) {
            told.add("end of " + epoch + " " + values.keySet());
          }

          @Override
          public void onTrainEnd(Training training) {
            told.add("end");
          }
        };

    Model model = compiled(sequential());
    History history =
        model.fit(clusters(48), FitOptions.of(16, 5).validatedOn(clusters(9)).with(noting));

    String all = "[loss, accuracy, val_loss, val_accuracy]";
    String batch = " [loss, accuracy]";
    assertThat(told)
        .containsExactly(
            "train of 3",
            "epoch 0",
            "batch 0",
            "after 0" + batch,
            "batch 1",
            "after 1" + batch,
            "batch 2",
            "after 2" + batch,
            "end of 0 " + all,
            "epoch 1",
            "batch 0",
            "after 0" + batch,
            "batch 1",
            "after 1" + batch,
            "end of 1 " + all,
            "end");
    assertThat(history.epochs()).hasSize(2);
    assertThat(history.last().examples()).isEqualTo(32);
  }

  // Several outputs

  /** Two inputs; a class, and the sum of the second input. */
  private static Functional twoHeaded() {
    SymbolicTensor a = Input.of(4).named("a");
    SymbolicTensor b = Input.of(2).named("b");
    SymbolicTensor hidden = new Dense(8, ActivationFunction.TANH).apply(a);
    Functional model =
        Model.of(
            List.of(a, b),
            List.of(new Dense(3).apply(hidden).named("class"), new Dense(1).apply(b).named("sum")));
    model.build(1);
    return model;
  }

  private static Batch twoHeadedData(int n) {
    Batch clusters = clusters(n);
    float[] pairs = Reference.uniform(2, 2 * n);
    float[] sums = new float[n];
    for (int i = 0; i < n; i++) {
      sums[i] = pairs[2 * i] + pairs[2 * i + 1];
    }
    return Batch.of(
        List.of(clusters.features(), Tensor.of(pairs, n, 2)),
        List.of(clusters.labels(), Tensor.of(sums, n, 1)));
  }

  @Test
  void eachOutputHasItsLossItsWeightAndItsMetrics() {
    Functional model = twoHeaded();
    model.compile(
        new Adam(0.02),
        Map.of(
            "class", Goal.of(new SparseCategoricalCrossEntropy(true), new Accuracy()),
            "sum", Goal.of(new MeanSquaredError()).weighted(0.5)));
    Batch data = twoHeadedData(60);

    Scores before = model.evaluate(data);
    History history = model.fit(data, FitOptions.of(16, 20).shuffled(1));

    assertThat(before.metrics().keySet())
        .containsExactly("class_loss", "class_accuracy", "sum_loss");
    assertThat(before.loss())
        .isCloseTo(before.metric("class_loss") + 0.5 * before.metric("sum_loss"), within(1e-6));
    assertThat(history.metric("class_accuracy").get(19)).isGreaterThan(0.9);
    assertThat(history.metric("sum_loss").get(19))
        .isLessThan(history.metric("sum_loss").get(0) / 4);
    assertThat(history.metric("class_loss").get(19))
        .isLessThan(history.metric("class_loss").get(0) / 2);
  }

  @Test
  void goalsThatDoNotFitTheOutputsAreRefused() {
    Functional model = twoHeaded();

    assertThatThrownBy(() -> model.compile(new Sgd(0.1), new MeanSquaredError()))
        .hasMessageContaining("the model has 2 outputs [class, sum], got 1 losses");
    assertThatThrownBy(() -> model.compile(new Sgd(0.1), Map.of("class", SPARSE, "total", SPARSE)))
        .hasMessageContaining("the outputs are [class, sum], got goals for");
    assertThatThrownBy(() -> model.compile(new Sgd(0.1), List.of(SPARSE, Goal.of(new SumLoss()))))
        .hasMessageContaining("a mean and one that is a sum can't be added");
    assertThatThrownBy(() -> SPARSE.weighted(-1)).hasMessageContaining("at least 0, got -1.0");
    model.compile(new Sgd(0.1), List.of(SPARSE, Goal.of(new MeanSquaredError())));
    assertThatThrownBy(() -> model.evaluate(clusters(3)))
        .hasMessageContaining("was built for input (batch, 4) and (batch, 2), got (3, 4)");
    assertThatThrownBy(() -> twoHeadedData(2).features())
        .hasMessageContaining("this batch has 2 inputs; ask for inputs()");
    Model single = compiled(sequential());
    assertThatThrownBy(
            () ->
                single.compile(
                    new Sgd(0.1),
                    new SparseCategoricalCrossEntropy(true),
                    new Accuracy(),
                    new Accuracy()))
        .hasMessageContaining("two metrics are called \"accuracy\"");
  }

  // Freezing

  @Test
  void aFrozenLayerGetsNoGradientAndIsNotMovedUntilItIsThawed() {
    for (Supplier<Model> kind : List.<Supplier<Model>>of(FitTest::sequential, Perceptron::new)) {
      Model model = kind.get();
      model.build(Shape.of(4), 1);
      first(model).trainable(false);
      model.compile(new Adam(0.1), new SparseCategoricalCrossEntropy(true));
      float[] before = model.parameters().values().toFloats();

      model.fit(clusters(32), FitOptions.of(16, 2));

      float[] after = model.parameters().values().toFloats();
      int frozen = 4 * 8 + 8;
      assertThat(Arrays.copyOf(after, frozen)).isEqualTo(Arrays.copyOf(before, frozen));
      assertThat(Arrays.copyOfRange(after, frozen, after.length))
          .isNotEqualTo(Arrays.copyOfRange(before, frozen, before.length));
      assertThat(model.parameters().gradients().slice(0, frozen).toFloats()).containsOnly(0);
      assertThat(model.trainableVariables()).hasSize(2);
      assertThat(model.parameters().trainedSize())
          .as("the vector's layout is that of the thawed model")
          .isEqualTo(67);

      first(model).trainable(true);
      model.compile(new Adam(0.1), new SparseCategoricalCrossEntropy(true));
      model.fit(clusters(32), FitOptions.of(16, 1));
      assertThat(Arrays.copyOf(model.parameters().values().toFloats(), frozen))
          .isNotEqualTo(Arrays.copyOf(before, frozen));
    }
  }

  private static Layer first(Model model) {
    return model instanceof Perceptron p
        ? p.hidden
        : ((Sequential.Settings) model.settings()).layers().get(0);
  }

  @Test
  void freezingAModelFreezesWhatIsInItAndCountsFromTheNextCompile() {
    Model inner = sequential();
    Sequential model = Sequential.of(inner, new Dense(2));
    inner.trainable(false);
    model.build(Shape.of(4), 1);

    assertThat(model.trainableEntries())
        .extracting(entry -> entry.name())
        .containsExactly("dense/kernel", "dense/bias");
    model.compile(new Adam(), new SparseCategoricalCrossEntropy(true));
    float[] before = inner.apply(clusters(3).features(), Context.inference()).toFloats();
    inner.trainable(true);
    model.fit(twoClasses(), FitOptions.of(8, 1));
    assertThat(inner.apply(clusters(3).features(), Context.inference()).toFloats())
        .as("the optimizer still leaves it alone")
        .isEqualTo(before);
    model.trainable(false);
    assertThat(model.trainableVariables()).isEmpty();
  }

  private static Batch twoClasses() {
    Batch three = clusters(24);
    long[] labels = three.labels().toLongs();
    for (int i = 0; i < labels.length; i++) {
      labels[i] %= 2;
    }
    return new Batch(three.features(), Tensor.of(labels), three.weights());
  }

  private static float[] fitted(FitOptions options) {
    Model model = compiled(sequential());
    model.fit(clusters(120), options);
    return model.parameters().values().toFloats();
  }

  private static Model compiled(Model model) {
    model.build(Shape.of(4), 1);
    model.compile(new Adam(0.01), new SparseCategoricalCrossEntropy(true), new Accuracy());
    return model;
  }

  /** Three clusters of points in four dimensions. */
  static Batch clusters(int n) {
    float[] points = Reference.uniform(1, n * 4);
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
      points[i * 4 + (int) labels[i]] += 1;
    }
    return Batch.of(Tensor.of(points, n, 4), Tensor.of(labels));
  }
}
