package io.tapestream.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tapestream.backend.Backends;
import io.tapestream.backend.FusedPrimitives;
import io.tapestream.backend.Padding;
import io.tapestream.capture.Program.Instruction;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.layers.ReLU;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Adam;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // workspace scopes act by being open
class FusionTest {
  private static final int EXAMPLES = 12;

  @Test
  void aFusedStepLearnsTheBitsOfAnEagerOne() {
    StepSettings settings = StepSettings.of(1);
    assertThat(learned(settings)).isEqualTo(learned(settings.runEagerly()));
    assertThat(learned(settings.withThreads(3))).isEqualTo(learned(settings));
  }

  private static float[] learned(StepSettings settings) {
    try (Sequential model = convolutional()) {
      model.compile(new Adam(0.01), new SparseCategoricalCrossEntropy(true));
      Tensor x = Tensor.of(Reference.uniform(3, EXAMPLES * 8 * 8 * 3), EXAMPLES, 8, 8, 3);
      Tensor labels = Tensor.of(new long[] {0, 1, 2, 0, 1, 2, 0, 1, 2, 2, 1, 0});
      model.fit(
          Batch.of(List.of(x), List.of(labels)), FitOptions.of(EXAMPLES, 6).withStep(settings));
      return model.parameters().values().toFloats();
    }
  }

  private static Sequential convolutional() {
    Sequential model =
        Sequential.of(
            new Conv2D(16, 3, Padding.SAME, ActivationFunction.LINEAR),
            new BatchNormalization(),
            new ReLU(),
            new MaxPooling2D(),
            new Flatten(),
            new Dense(3));
    model.build(Shape.of(8, 8, 3), 1);
    return model;
  }

  @Test
  void whatNobodyElseReadsIsFused() {
    assertThat(fusedWith((trace, y) -> List.of(y))).isTrue();
  }

  @Test
  void whatIsReadElsewhereIsLeftAlone() {
    assertThat(fusedWith((trace, y) -> List.of(y, resultOf(trace, "normalize", 6)))).isFalse();
    assertThat(fusedWith((trace, y) -> List.of(y, resultOf(trace, "rectify", 4)))).isFalse();
    assertThat(fusedWith(FusionTest::changeImagesInTheEnd)).isTrue();
    assertThat(fusedWith(FusionTest::changeImagesBetween)).isFalse();
  }

  private static List<Tensor> changeImagesInTheEnd(Trace trace, Tensor y) {
    trace.clears(resultOf(trace, "normalize", 0));
    return List.of(y);
  }

  private static List<Tensor> changeImagesBetween(Trace trace, Tensor y) {
    trace.clears(resultOf(trace, "normalize", 0));
    Instruction clear = trace.instructions().remove(trace.instructions().size() - 1);
    trace.instructions().add(trace.instructions().indexOf(call(trace, "maxPool2d")), clear);
    return List.of(y);
  }

  private static Tensor resultOf(Trace trace, String primitive, int argument) {
    return call(trace, primitive).argument(argument, Tensor.class);
  }

  private static Call call(Trace trace, String primitive) {
    return trace.instructions().stream()
        .filter(i -> i instanceof Call call && call.is(primitive))
        .map(Call.class::cast)
        .findFirst()
        .orElseThrow();
  }

  /** Whether a forward pass is shorter for being fused, with these outputs of its trace. */
  private static boolean fusedWith(BiFunction<Trace, Tensor, List<Tensor>> outputs) {
    assumeThat(Backends.of(DType.FLOAT32)).isInstanceOf(FusedPrimitives.class);
    try (Sequential model = convolutional();
        Workspace memory = new Workspace();
        Workspace.Scope scope = memory.enter()) {
      Tensor x = Tensor.of(Reference.uniform(3, 2 * 8 * 8 * 3), 2, 8, 8, 3);
      Context context = Context.training(1, 0, 0);
      Trace trace = new Trace(context);
      Tensor y;
      try (trace) {
        y = model.apply(x, context.observedBy(trace));
      }
      List<Tensor> read = outputs.apply(trace, y);
      int calls = trace.instructions().size();
      return Fusion.of(trace.instructions(), read).size() < calls;
    }
  }
}
