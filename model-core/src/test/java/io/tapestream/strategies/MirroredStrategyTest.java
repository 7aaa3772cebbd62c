package io.tapestream.strategies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Sum;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.History;
import io.tapestream.training.VectorUpdate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // a scope acts by being open
class MirroredStrategyTest {

  @SuppressWarnings("ArrayRecordComponent") // its parts are compared one by one
  private record Fitted(float[] parameters, History history) {}

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void replicasLearnWhatOneLearnsFromTheJoinedBatchAndAlwaysTheSame(int replicas) {
    Fitted one = fitted(1);
    Fitted mirrored = fitted(replicas);

    assertThat(mirrored.parameters()).containsExactly(one.parameters(), within(1e-5f));
    assertThat(mirrored.history().losses().get(2))
        .isCloseTo(one.history().losses().get(2), within(1e-5));
    assertThat(mirrored.history().metric("accuracy")).isEqualTo(one.history().metric("accuracy"));
    assertThat(fitted(replicas).parameters()).isEqualTo(mirrored.parameters());
  }

  private static Fitted fitted(int replicas) {
    MirroredStrategy strategy = new MirroredStrategy(replicas);
    Model model =
        Sequential.of(new Dense(16, ActivationFunction.TANH), new Dropout(0.2), new Dense(3));
    try (MirroredStrategy.Scope scope = strategy.scope()) {
      assertThat(MirroredStrategy.currentReplicas()).isEqualTo(replicas);
      model.build(Shape.of(4), 1);
      model.compile(new Sgd(0.1), new SparseCategoricalCrossEntropy(true), new Accuracy());
    }
    // 50 rows: shares of 25, or 16, 17 and 17, and a last batch that is shorter than the others
    History history = model.fit(data(170), FitOptions.of(50, 3));
    return new Fitted(model.parameters().values().toFloats(), history);
  }

  @Test
  void aBatchWithFewerRowsThanReplicasLeavesSomeIdle() {
    Model model = Sequential.of(new Dense(3));
    try (MirroredStrategy.Scope scope = new MirroredStrategy(4).scope()) {
      model.build(Shape.of(4), 1);
      model.compile(new Sgd(0.1), new SparseCategoricalCrossEntropy(true));
    }

    assertThat(model.fit(data(3), FitOptions.of(8, 1)).last().examples()).isEqualTo(3);
  }

  /** Notes on which threads it is called in training. */
  static final class Noting extends Model {
    private final Dense dense = new Dense(3);
    private final List<String> threads = Collections.synchronizedList(new ArrayList<>());

    @Override
    protected Tensor call(Tensor x, Context context) {
      if (context.training()) {
        threads.add(Thread.currentThread().getName() + " " + x.dim(0));
      }
      return dense.apply(x, context);
    }

    @Override
    public boolean couplesExamples() {
      return coupling;
    }

    private boolean coupling;
  }

  @Test
  void aModelThatCouplesExamplesIsComputedWhole() {
    Noting model = new Noting();
    model.coupling = true;
    try (MirroredStrategy.Scope scope = new MirroredStrategy(2).scope()) {
      model.build(Shape.of(4), 1);
      model.compile(new Sgd(0.1), new SparseCategoricalCrossEntropy(true));
    }

    model.fit(data(300), FitOptions.of(300, 1));

    assertThat(model.threads).hasSize(1).allMatch(call -> call.endsWith(" 300"));
  }

  @Test
  void aScopeIsLeftAndDoesNotNest() {
    MirroredStrategy strategy = new MirroredStrategy();
    assertThat(strategy.numReplicasInSync()).isEqualTo(Runtime.getRuntime().availableProcessors());
    try (MirroredStrategy.Scope scope = strategy.scope()) {
      assertThatThrownBy(strategy::scope).hasMessageContaining("strategies don't nest");
    }
    assertThat(MirroredStrategy.currentReplicas()).isEqualTo(1);
    assertThatThrownBy(() -> new MirroredStrategy(0)).hasMessageContaining("at least 1, got 0");
  }

  // A loop of one's own

  private static final SparseCategoricalCrossEntropy LOSS = new SparseCategoricalCrossEntropy(true);

  /** The gradient of the summed loss of a share, and that loss. */
  private static CapturedStep.Body step(Model model, AtomicInteger calls) {
    return (context, share) -> {
      calls.incrementAndGet();
      try (GradientTape tape = new GradientTape()) {
        Tensor loss = Sum.of(LOSS.perExample(model.apply(share.get(0), context), share.get(1)));
        List<Tensor> results = new ArrayList<>(tape.gradient(loss, model.trainableVariables()));
        results.add(loss);
        return results;
      }
    };
  }

  private static float[] looped(int replicas) {
    Model model =
        Sequential.of(new Dense(16, ActivationFunction.TANH), new Dropout(0.2), new Dense(3));
    model.build(Shape.of(4), 1);
    VectorUpdate update = new VectorUpdate(model, new Sgd(0.002));
    AtomicInteger calls = new AtomicInteger();
    CapturedStep.Body step = step(model, calls);
    double last = 0;
    try (MirroredStrategy strategy = new MirroredStrategy(replicas)) {
      for (int i = 0; i < 12; i++) {
        Batch batch = data(50);
        Context context = Context.training(3, 0, i);
        List<List<Tensor>> perReplica =
            strategy.run(step, context, batch.features(), batch.labels());
        assertThat(perReplica).hasSize(replicas);
        List<Tensor> sums = strategy.reduce(MirroredStrategy.Reduction.SUM, perReplica);
        update.applyGradients(sums.subList(0, sums.size() - 1));
        last = sums.get(sums.size() - 1).item();
      }
    }
    assertThat(last / 50).isLessThan(1);
    assertThat(calls.get())
        .as("each replica's, eagerly and traced")
        .isLessThanOrEqualTo(4 * replicas);
    return model.parameters().values().toFloats();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void aLoopOverReplicasLearnsWhatOneLearnsFromTheJoinedBatchAndAlwaysTheSame(int replicas) {
    float[] mirrored = looped(replicas);

    assertThat(mirrored).containsExactly(looped(1), within(1e-5f));
    assertThat(looped(replicas)).isEqualTo(mirrored);
  }

  @Test
  void whatReplicasGiveIsAddedOrAveragedInTheirOrder() {
    try (MirroredStrategy strategy = new MirroredStrategy(3)) {
      Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7}, 7, 1);
      List<List<Tensor>> perReplica =
          strategy.run((context, share) -> List.of(Sum.of(share.get(0))), Context.inference(), x);

      assertThat(perReplica).extracting(r -> r.get(0).item()).containsExactly(3.0, 7.0, 18.0);
      assertThat(strategy.reduce(MirroredStrategy.Reduction.SUM, perReplica).get(0).item())
          .isEqualTo(28);
      assertThat(strategy.reduce(MirroredStrategy.Reduction.MEAN, perReplica).get(0).item())
          .isCloseTo(28 / 3.0, within(1e-5));
      List<List<Tensor>> shares = strategy.run((context, share) -> share, Context.inference(), x);
      assertThatThrownBy(() -> strategy.reduce(MirroredStrategy.Reduction.SUM, shares))
          .hasMessageContaining("replicas gave (2, 1) and (3, 1) as output 0");
    }
  }

  @Test
  void replicasWithoutRowsGiveNothing() {
    try (MirroredStrategy strategy = new MirroredStrategy(4)) {
      CapturedStep.Body sum = (context, share) -> List.of(Sum.of(share.get(0)));
      assertThat(strategy.run(sum, Context.inference(), Tensor.of(new float[] {1, 2}))).hasSize(2);
      List<List<Tensor>> none = strategy.run(sum, Context.inference(), Tensor.of(new float[0], 0));
      assertThat(none).isEmpty();
      assertThatThrownBy(() -> strategy.reduce(MirroredStrategy.Reduction.SUM, none))
          .hasMessageContaining("no replica had a row");
      assertThatThrownBy(
              () ->
                  strategy.run(
                      sum, Context.inference(), Tensor.of(new float[2]), Tensor.of(new float[3])))
          .hasMessageContaining("one number of rows, got [(2,), (3,)]");
    }
  }

  @Test
  void aReplicaThatFailsFailsTheStepAndATapeAroundItIsRefused() {
    try (MirroredStrategy strategy = new MirroredStrategy(2)) {
      Tensor x = Tensor.of(new float[] {1, 2, 3, 4});
      CapturedStep.Body failing =
          (context, share) -> {
            if (context.firstRow() > 0) {
              throw new IllegalArgumentException("row " + context.firstRow());
            }
            return share;
          };
      assertThatThrownBy(() -> strategy.run(failing, Context.inference(), x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("row 2");
      assertThat(strategy.run((context, share) -> share, Context.inference(), x)).hasSize(2);
      try (GradientTape tape = new GradientTape()) {
        assertThatThrownBy(() -> strategy.run(failing, Context.inference(), x))
            .hasMessageContaining("open one inside the step");
        assertThat(tape).isNotNull();
      }
    }
  }

  private static Batch data(int n) {
    float[] points = Reference.uniform(1, n * 4);
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
      points[i * 4 + (int) labels[i]] += 1;
    }
    return Batch.of(Tensor.of(points, n, 4), Tensor.of(labels));
  }
}
