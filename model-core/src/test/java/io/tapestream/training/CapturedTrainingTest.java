package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Padding;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.Layer;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.losses.Loss;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Scale;
import io.tapestream.optimizers.Adam;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CapturedTrainingTest {
  private static final Loss LOSS = new SparseCategoricalCrossEntropy(true);
  private static final ActivationFunction RELU = ActivationFunction.RELU;

  private static Model perceptron() {
    return Sequential.of(
        new Flatten(), new Dense(16, RELU), new Dropout(0.3), new Dense(8, RELU), new Dense(3));
  }

  private static Model leNet() {
    return Sequential.of(
        new Conv2D(4, 5, Padding.SAME, RELU),
        new AveragePooling2D(),
        new Conv2D(6, 3, RELU),
        new MaxPooling2D(),
        new Flatten(),
        new Dense(12, ActivationFunction.TANH),
        new Dropout(0.5),
        new Dense(3));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stepsHaveTheSameBitsWhetherCapturedOrNot(int threads) {
    for (Supplier<Model> architecture :
        List.<Supplier<Model>>of(CapturedTrainingTest::perceptron, CapturedTrainingTest::leNet)) {
      StepSettings settings = new StepSettings(8, threads, 9);
      assertThat(steps(architecture.get(), settings))
          .isEqualTo(steps(architecture.get(), settings.runEagerly()));
    }
  }

  /** Results and gradients of steps over batches of several lengths, some rows without weight. */
  private static List<List<Object>> steps(Model model, StepSettings settings) {
    model.build(Shape.of(12, 12, 1), 1);
    List<List<Object>> outcomes = new ArrayList<>();
    try (TrainingStep step = new TrainingStep(model, LOSS, List.of(new Accuracy()), settings)) {
      for (int i = 0; i < 12; i++) {
        Batch batch = images(20 + 3 * (i % 3), i);
        StepResult result = step.run(batch, 1, i);
        List<Object> outcome = new ArrayList<>();
        outcome.add(result);
        for (float g : model.parameters().gradients().toFloats()) {
          outcome.add(g);
        }
        outcomes.add(outcome);
      }
    }
    return outcomes;
  }

  @Test
  void fitLearnsTheSameBitsWhetherCapturedOrNot() {
    StepSettings settings = StepSettings.of(3);
    assertThat(fitted(settings)).isEqualTo(fitted(settings.runEagerly()));
  }

  private static float[] fitted(StepSettings settings) {
    Model model = perceptron();
    model.build(Shape.of(12, 12, 1), 1);
    model.compile(new Adam(), LOSS);
    model.fit(images(50, 0), FitOptions.of(16, 3).shuffled(5).withStep(settings));
    return model.parameters().values().toFloats();
  }

  @Test
  void aLayerThatReadsItsInputOnTheHostLearnsAllTheSame() {
    StepSettings settings = new StepSettings(8, 1, 9);
    assertThat(steps(Sequential.of(new Flatten(), new Halving(), new Dense(3)), settings))
        .isEqualTo(
            steps(
                Sequential.of(new Flatten(), new Halving(), new Dense(3)), settings.runEagerly()));
  }

  /** Halves what is large: its code depends on its data. */
  private static final class Halving extends Layer {
    record Settings() {}

    @Override
    public Record settings() {
      return new Settings();
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return x.get(0) > 0.5 ? Scale.of(x, 0.5) : x;
    }
  }

  @Test
  void memoryOffTheHeapStaysFlatOverManyCapturedSteps() {
    Model model = leNet();
    model.build(Shape.of(12, 12, 1), 1);
    Batch batch = images(24, 1);
    try (TrainingStep step =
        new TrainingStep(model, LOSS, List.of(new Accuracy()), new StepSettings(8, 1, 9))) {
      for (int i = 0; i < 5; i++) {
        step.run(batch, 0, i);
      }
      long before = TrainingStepTest.reachableBytes();
      for (int i = 0; i < 1000; i++) {
        step.run(batch, 0, i);
      }
      assertThat(TrainingStepTest.reachableBytes() - before).isLessThan(64 * 1024);
    }
  }

  private static Batch images(int n, int salt) {
    long[] labels = new long[n];
    float[] weights = new float[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
      weights[i] = i % 7 == 6 ? 0f : i % 2 == 0 ? 1f : 2f;
    }
    return new Batch(
        Tensor.of(Reference.uniform(salt, n * 144), n, 12, 12, 1),
        Tensor.of(labels),
        Tensor.of(weights));
  }
}
