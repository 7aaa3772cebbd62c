package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Padding;
import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.Layer;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Predicting and evaluating repeat a captured forward pass. */
class CapturedForwardTest {

  /** Counts how often its code runs. */
  private static final class Counting extends Layer {
    record Settings() {}

    private final AtomicInteger calls = new AtomicInteger();

    @Override
    public Record settings() {
      return new Settings();
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      calls.incrementAndGet();
      return x;
    }
  }

  private final Counting counting = new Counting();

  private Model network() {
    Model model =
        Sequential.of(
            new Conv2D(4, 3, Padding.SAME, ActivationFunction.RELU),
            new BatchNormalization(),
            new MaxPooling2D(),
            new Flatten(),
            counting,
            new Dense(12, ActivationFunction.TANH),
            new Dropout(0.5),
            new Dense(3));
    model.build(Shape.of(6, 6, 1), 1);
    model.compile(new Sgd(0.1), new SparseCategoricalCrossEntropy(true), new Accuracy());
    return model;
  }

  private static Batch images(int n, int salt) {
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
    }
    return Batch.of(Tensor.of(Reference.uniform(salt, n * 36), n, 6, 6, 1), Tensor.of(labels));
  }

  @Test
  void predictionsHaveTheBitsOfLayersThatAreCalled() {
    try (Model model = network()) {
      for (int round = 0; round < 4; round++) {
        Batch batch = images(300 + round % 2, round); // 128, 128 and the rest
        List<Float> called = new ArrayList<>();
        for (int from = 0; from < batch.size(); from += StepSettings.DEFAULT_PIECE_ROWS) {
          int to = Math.min(batch.size(), from + StepSettings.DEFAULT_PIECE_ROWS);
          for (float y :
              model.apply(batch.features().slice(from, to), Context.inference()).toFloats()) {
            called.add(y);
          }
        }
        try (Tensor predicted = model.predict(batch.features())) {
          assertThat(predicted.toFloats()).containsExactly(called.toArray(Float[]::new));
        }
        model.fit(images(32, round), FitOptions.of(16, 1)); // so that weights move
      }
    }
  }

  @Test
  void scoresHaveTheBitsOfLayersThatAreCalled() {
    try (Model model = network()) {
      Batch batch = images(300, 1);
      Scores first = model.evaluate(batch); // its pieces are called, and traced
      assertThat(model.evaluate(batch)).isEqualTo(first);
      assertThat(model.evaluate(List.of(batch, batch)).examples()).isEqualTo(600);
      StepSettings eagerly = StepSettings.of(1).runEagerly();
      History history =
          model.fit(images(16, 2), FitOptions.of(16, 1).validatedOn(batch).withStep(eagerly));
      assertThat(model.evaluate(batch).loss())
          .isEqualTo(history.metric(History.VALIDATION + "loss").get(0));
    }
  }

  @Test
  void aShapesCodeRunsTwiceAndThenNoMore() {
    try (Model model = network()) {
      int built = counting.calls.get();
      for (int i = 0; i < 5; i++) {
        model.predict(images(140, i).features()).close();
        model.evaluate(images(140, i));
      }
      assertThat(counting.calls.get() - built)
          .as("of two steps, for 128 rows and for 12")
          .isEqualTo(2 * 2 * 2);
    }
  }

  @Test
  void threadsThatPredictOrEvaluateAtOnceHaveStepsOfTheirOwn() throws Exception {
    try (Model model = network()) {
      Batch batch = images(20, 1);
      float[] expected = model.predict(batch.features()).toFloats();
      Scores scores = model.evaluate(batch);
      ExecutorService threads = Executors.newFixedThreadPool(3);
      try {
        Callable<float[]> predict =
            () -> {
              float[] last = {};
              for (int i = 0; i < 10; i++) {
                try (Tensor y = model.predict(batch.features())) {
                  last = y.toFloats();
                }
                assertThat(model.evaluate(batch)).isEqualTo(scores);
              }
              return last;
            };
        for (var result : threads.invokeAll(List.of(predict, predict, predict))) {
          assertThat(result.get()).isEqualTo(expected);
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  @Test
  void memoryOffTheHeapStaysFlatAndIsReturnedWhenTheModelIsClosed() {
    Batch data = images(150, 1);
    lifeOfAModel(data); // leaves plans that models share
    long before = TrainingStepTest.reachableBytes();
    lifeOfAModel(data);
    assertThat(TrainingStepTest.reachableBytes() - before).isLessThan(64 * 1024);
  }

  private void lifeOfAModel(Batch data) {
    try (Model model = network()) {
      use(model, data, 5);
      long before = TrainingStepTest.reachableBytes();
      use(model, data, 60);
      assertThat(TrainingStepTest.reachableBytes() - before).isLessThan(64 * 1024);
    }
  }

  private static void use(Model model, Batch batch, int times) {
    for (int i = 0; i < times; i++) {
      model.predict(batch.features()).close();
      model.evaluate(batch);
    }
  }

  @Test
  void aModelThatIsBuiltAgainForgetsTheShapesOfBefore() {
    try (Model model = network()) {
      model.predict(images(10, 1).features()).close();
      model.predict(images(10, 1).features()).close();
      model.build(Shape.of(8, 8, 1), 1);
      Tensor x = Tensor.of(Reference.uniform(3, 10 * 64), 10, 8, 8, 1);
      float[] expected = model.apply(x, Context.inference()).toFloats();
      for (int i = 0; i < 3; i++) {
        assertThat(model.predict(x).toFloats()).isEqualTo(expected);
      }
    }
  }

  @Test
  void insideACapturedStepAPredictionIsAPartOfIt() {
    try (Model model = network();
        CapturedStep step = new CapturedStep((context, in) -> List.of(model.predict(in.get(0))))) {
      for (int i = 0; i < 4; i++) {
        Batch batch = images(10, i);
        float[] expected = model.predict(batch.features()).toFloats();
        assertThat(step.run(Context.inference(), batch.features()).get(0).toFloats())
            .isEqualTo(expected);
      }
    }
  }
}
