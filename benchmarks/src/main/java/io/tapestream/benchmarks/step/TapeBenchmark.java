package io.tapestream.benchmarks.step;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Unary;
import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Interleaved.Step;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Dense;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.models.Sequential;
import io.tapestream.ops.Negative;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import io.tapestream.training.Batch;
import io.tapestream.training.StepSettings;
import io.tapestream.training.TrainingStep;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** What recording and differentiating an op costs, and what capturing a step saves. */
@SuppressWarnings("try") // workspace scopes act by being open
public final class TapeBenchmark implements Benchmark {
  private static final int NODES = 100;
  private static final int BATCH = 32;

  /** Makes the benchmark. */
  public TapeBenchmark() {}

  @Override
  public String name() {
    return "tape";
  }

  @Override
  public String summary() {
    return "the tape's cost per op, and a perceptron's step eagerly and captured";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Report report = new Report();
    node(pace.of(Interleaved.DEFAULT), report);
    perceptron(pace.of(Interleaved.DEFAULT), report);
    return report;
  }

  /** A chain of ops on one number each, with a tape and without; the same kernels run in both. */
  private static void node(Interleaved pace, Report report) throws Exception {
    try (Workspace workspace = new Workspace()) {
      Tensor x = Tensor.of(new float[] {1});
      Step taped =
          () -> {
            try (Workspace.Scope scope = workspace.enter();
                GradientTape tape = new GradientTape()) {
              tape.watch(x);
              tape.gradient(chain(x), x);
            }
          };
      Backend backend = Backends.of(DType.FLOAT32);
      Step bare =
          () -> {
            try (Workspace.Scope scope = workspace.enter()) {
              Tensor y = chain(x);
              for (int i = 0; i < NODES; i++) {
                Tensor dx = Tensor.allocate(DType.FLOAT32, x.shape());
                backend.unaryGradient(Unary.NEGATIVE, x, y, y, dx, false);
              }
            }
          };
      Map<String, Step> contestants = new LinkedHashMap<>();
      contestants.put("with a tape", taped);
      contestants.put("without", bare);
      Speeds speeds = pace.measure(contestants);
      double with = 1e6 / speeds.median("with a tape") / NODES;
      double without = 1e6 / speeds.median("without") / NODES;
      report
          .row("what", "an op of one number")
          .with("µs with a tape", with)
          .with("µs without", without)
          .with("µs a node", with - without);
    }
  }

  private static Tensor chain(Tensor x) {
    Tensor y = x;
    for (int i = 0; i < NODES; i++) {
      y = Negative.of(y);
    }
    return y;
  }

  /** The gradient of a perceptron's loss, without the update. */
  private static void perceptron(Interleaved pace, Report report) throws Exception {
    try (Sequential model =
        Sequential.of(
            new Dense(256, ActivationFunction.RELU),
            new Dense(128, ActivationFunction.RELU),
            new Dense(10))) {
      model.build(Shape.of(784), 1);
      SplittableRandom random = new SplittableRandom(1);
      float[] pixels = new float[BATCH * 784];
      long[] classes = new long[BATCH];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (float) random.nextDouble();
      }
      for (int i = 0; i < BATCH; i++) {
        classes[i] = random.nextInt(10);
      }
      Batch batch = Batch.of(Tensor.of(pixels, BATCH, 784), Tensor.of(classes));
      try (TrainingStep eager = step(model, true);
          TrainingStep captured = step(model, false)) {
        Map<String, Step> contestants = new LinkedHashMap<>();
        contestants.put("captured", () -> captured.run(batch, 0, 0));
        contestants.put("eager", () -> eager.run(batch, 0, 0));
        Speeds speeds = pace.measure(contestants);
        report
            .row("what", "784-256-128-10, batch " + BATCH)
            .with("µs captured", 1e6 / speeds.median("captured"))
            .with("µs eager", 1e6 / speeds.median("eager"))
            .with("captured over eager", speeds.ratio("captured", "eager"));
      }
    }
  }

  private static TrainingStep step(Sequential model, boolean eagerly) {
    StepSettings settings = new StepSettings(BATCH, 1, 1);
    return new TrainingStep(
        model,
        new SparseCategoricalCrossEntropy(true),
        List.of(),
        eagerly ? settings.runEagerly() : settings);
  }
}
