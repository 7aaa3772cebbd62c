package io.tapestream.callbacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.layers.Dense;
import io.tapestream.losses.MeanSquaredError;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Sgd;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.Callback;
import io.tapestream.training.FitOptions;
import io.tapestream.training.History;
import io.tapestream.training.Training;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallbacksTest {

  /** Plays the role of a metric: tells callbacks the next value of a list, and moves the weight. */
  private static History play(Callback callback, double... values) {
    Model model = model();
    Callback played =
        new Callback() {
          @Override
          public void onTrainBegin(Training training) {
            callback.onTrainBegin(training);
          }

          @Override
          public void onEpochEnd(Training training, int epoch, Map<String, Double> ignored) {
            training.model().parameters().load(0, new float[] {epoch}, 0, 1);
            callback.onEpochEnd(training, epoch, Map.of("score", values[epoch]));
          }

          @Override
          public void onTrainEnd(Training training) {
            callback.onTrainEnd(training);
          }
        };
    History history = model.fit(data(4), FitOptions.of(4, values.length).with(played));
    lastWeight = model.parameters().values().get(0);
    return history;
  }

  private static double lastWeight;

  private static Model model() {
    Sequential model = Sequential.of(new Dense(1));
    model.build(Shape.of(1), 1);
    model.compile(new Sgd(0.1), new MeanSquaredError());
    return model;
  }

  private static Batch data(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) i / n;
    }
    return Batch.of(Tensor.of(x, n, 1), Tensor.of(x, n, 1));
  }

  private static EarlyStopping stopping(
      Monitor.Mode mode, double minDelta, int patience, OptionalDouble baseline, int from) {
    return new EarlyStopping(
        new EarlyStopping.Settings(
            new Monitor("score", mode), minDelta, patience, baseline, true, from));
  }

  @Test
  void earlyStoppingEndsAfterItsPatienceAndRestoresTheBest() {
    EarlyStopping stopping = stopping(Monitor.Mode.MIN, 0, 2, OptionalDouble.empty(), 0);

    History history = play(stopping, 5, 3, 4, 3, 1, 0);

    assertThat(history.epochs()).as("two epochs after the best").hasSize(4);
    assertThat(stopping.best()).isEqualTo(3);
    assertThat(stopping.bestEpoch()).isEqualTo(1);
    assertThat(lastWeight).as("the weight of epoch 1").isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "MAX, 0, 1, , 0, 3", // 5 3: the second is no better
    "MIN, 0, 1, , 0, 3",
    "MIN, 3, 1, , 0, 2", // 3 is better than 5 by less than 3
    "MIN, 0, 3, 2.5, 0, 3", // nothing is better than the baseline
    "MIN, 0, 1, , 2, 4",
    "MIN, 0, 0, , 0, 3"
  })
  void earlyStoppingCountsAsKerasDoes(
      String mode, double minDelta, int patience, Double baseline, int from, int epochs) {
    EarlyStopping stopping =
        stopping(
            Monitor.Mode.valueOf(mode),
            minDelta,
            patience,
            baseline == null ? OptionalDouble.empty() : OptionalDouble.of(baseline),
            from);
    double[] falling = {5, 3, 4, 4, 4, 4};
    double[] rising = {3, 5, 4, 4, 4, 4};

    assertThat(play(stopping, mode.equals("MAX") ? rising : falling).epochs()).hasSize(epochs);
    assertThat(play(stopping, mode.equals("MAX") ? rising : falling).epochs())
        .as("it begins anew with each run")
        .hasSize(epochs);
  }

  @Test
  void whatIsMonitoredMustBeThere() {
    Model model = model();

    assertThatThrownBy(
            () -> model.fit(data(4), FitOptions.of(4, 1).with(new EarlyStopping("val_loss", 1))))
        .hasMessageContaining("there is no \"val_loss\" to monitor; an epoch has [loss]");
    assertThat(Monitor.of("val_accuracy").mode()).isEqualTo(Monitor.Mode.MAX);
    assertThat(Monitor.of("auc").mode()).isEqualTo(Monitor.Mode.MAX);
    assertThat(Monitor.of("val_loss").mode()).isEqualTo(Monitor.Mode.MIN);
    assertThatThrownBy(() -> new EarlyStopping("loss", -1)).hasMessageContaining("at least 0");
  }

  @Test
  void aCheckpointOfTheBestIsTheModelOfTheBestEpoch(@TempDir Path directory) throws Exception {
    ModelCheckpoint best =
        new ModelCheckpoint(
            new ModelCheckpoint.Settings(
                directory.resolve("best.safetensors").toString(),
                new Monitor("score", Monitor.Mode.MIN),
                true));

    play(best, 5, 3, 4);

    assertThat(lastWeight).isEqualTo(2);
    try (Model loaded = Model.load(directory.resolve("best.safetensors"))) {
      assertThat(loaded.parameters().values().get(0)).isEqualTo(1);
    }
    try (var files = Files.list(directory)) {
      assertThat(files).as("nothing else is left behind").hasSize(1);
    }
  }

  @Test
  void aCheckpointsPathHasPlacesForTheEpochAndItsValues(@TempDir Path directory) {
    play(
        new ModelCheckpoint(directory.resolve("{epoch:02d}-{score:.2f}.safetensors").toString()),
        0.5,
        0.123);

    assertThat(directory.resolve("01-0.50.safetensors")).exists();
    assertThat(directory.resolve("02-0.12.safetensors")).exists();
    assertThat(ModelCheckpoint.fill("{epoch} {loss}", 7, Map.of("loss", 0.25))).isEqualTo("7 0.25");
    assertThatThrownBy(() -> ModelCheckpoint.fill("{val_los}", 1, Map.of("val_loss", 1.0)))
        .hasMessageContaining("a place for \"val_los\"; there are epoch and [val_loss]");
  }

  @Test
  void i6TerminateOnNaNEndsTheRunAndNothingOfTheBatchIsApplied() {
    float[] broken = {0, 0.5f, Float.NaN, 1};
    Batch data = Batch.of(Tensor.of(broken, 4, 1), Tensor.of(new float[4], 4, 1));
    Model model = model();
    Model before = model();
    before.fit(data.slice(0, 2), FitOptions.of(2, 1));

    History history = model.fit(data, FitOptions.of(2, 5).with(new TerminateOnNaN()));

    assertThat(history.epochs()).hasSize(1);
    assertThat(history.last().loss()).isNaN();
    assertThat(model.parameters().values().toFloats())
        .isEqualTo(before.parameters().values().toFloats());
    assertThatThrownBy(() -> model.fit(data, FitOptions.of(2, 5)))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void withoutATerminalProgressIsALineAnEpoch() {
    assertThat(progress(false))
        .isEqualTo(
            """
            epoch 1/2   3 steps  0.3 s  100.0 ms/step  loss 1.0000
            epoch 2/2   3 steps  0.3 s  100.0 ms/step  loss 1.0000
            """);
  }

  @Test
  void onATerminalABarMovesWithinTheLine() {
    String[] drawn = progress(true).split("\r", -1);

    assertThat(drawn[1])
        .startsWith("1/3 ━━━━━━━━━━────────────────────  100.0 ms/step  loss 1.0000");
    assertThat(drawn[3]).startsWith("3/3 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━");
    assertThat(drawn[4]).startsWith("epoch 1/2   3 steps").endsWith("\n");
  }

  /** Every look at the clock finds it a tenth of a second later than the one before a batch. */
  private static String progress(boolean terminal) {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    long[] clock = {0};
    ProgressBar bar =
        new ProgressBar(
            new PrintStream(written, true, StandardCharsets.UTF_8), terminal, () -> clock[0]);
    Callback ticking =
        new Callback() {
          @Override
          public void onBatchBegin(Training training, int batch) {
            clock[0] += 100_000_000;
          }
        };
    Sequential model = Sequential.of(new Dense(1));
    model.build(Shape.of(1), 1);
    model.compile(new Sgd(0), new MeanSquaredError());
    Batch ones = Batch.of(Tensor.of(new float[6], 6, 1), Tensor.of(new float[] {1, 1, 1, 1, 1, 1}));
    model.fit(ones, FitOptions.of(2, 2).with(ticking, bar));
    return written.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
  }
}
