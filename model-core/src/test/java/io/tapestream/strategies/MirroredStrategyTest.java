package io.tapestream.strategies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.History;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
    protected Tensor call(Tensor x, io.tapestream.layers.Context context) {
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
