package io.tapestream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.SafeTensors;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Input;
import io.tapestream.layers.Layer;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.losses.MeanSquaredError;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.ops.Relu;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Sgd;
import io.tapestream.reference.Reference;
import io.tapestream.schedules.ExponentialDecay;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.Goal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SavedModelTest {

  /** A subclassed model with a model in it. */
  public static final class Nested extends Model {
    private final Model inner = Sequential.of(new Dense(6, ActivationFunction.TANH));
    private final Dropout dropout = new Dropout(0.3);
    private final Dense logits = new Dense(3);

    @Override
    protected Tensor call(Tensor x, Context context) {
      return logits.apply(dropout.apply(inner.apply(x, context), context), context);
    }
  }

  static Stream<Supplier<Model>> kinds() {
    return Stream.of(Nested::new, SavedModelTest::sequential, SavedModelTest::functional);
  }

  private static Model sequential() {
    return Sequential.of(new Dense(6, ActivationFunction.TANH), new Dropout(0.3), new Dense(3));
  }

  private static Model functional() {
    SymbolicTensor x = Input.of(4);
    Dense shared = new Dense(4, ActivationFunction.TANH);
    SymbolicTensor twice = shared.apply(new Dropout(0.3).apply(shared.apply(x)));
    return Model.of(x, new Dense(3).apply(twice));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aLoadedModelGivesTheSameBitsAndTrainingGoesOnWithTheSameBits(
      Supplier<Model> kind, @TempDir Path directory) throws IOException {
    Path file = directory.resolve("deep/model.safetensors");
    FitOptions four = FitOptions.of(16, 4).shuffled(5);
    Model once = compiled(kind.get());
    once.fit(data(), four);

    Model saved = compiled(kind.get());
    saved.fit(data(), FitOptions.of(16, 2).shuffled(5));
    saved.save(file);
    Model loaded = Model.load(file);

    assertThat(loaded).hasSameClassAs(saved);
    assertThat(loaded.parameters().entries()).isEqualTo(saved.parameters().entries());
    assertThat(loaded.predict(data().features()).toFloats())
        .isEqualTo(saved.predict(data().features()).toFloats());
    assertThat(loaded.evaluate(data())).isEqualTo(saved.evaluate(data()));
    loaded.fit(data(), four.from(2));
    assertThat(loaded.parameters().values().toFloats())
        .isEqualTo(once.parameters().values().toFloats());
  }

  @Test
  void whatIsFrozenStaysFrozen(@TempDir Path directory) throws IOException {
    Nested model = new Nested();
    model.inner.trainable(false);
    compiled(model);
    model.fit(data(), FitOptions.of(16, 1));
    Path file = directory.resolve("model.safetensors");

    model.save(file);
    Nested loaded = (Nested) Model.load(file);

    assertThat(loaded.inner.trainable()).isFalse();
    assertThat(loaded.logits.trainable()).isTrue();
    assertThat(loaded.trainableEntries()).isEqualTo(model.trainableEntries());
    model.fit(data(), FitOptions.of(16, 1));
    loaded.fit(data(), FitOptions.of(16, 1));
    assertThat(loaded.parameters().values().toFloats())
        .isEqualTo(model.parameters().values().toFloats());
  }

  @Test
  void aModelWithSeveralOutputsKeepsItsGoals(@TempDir Path directory) throws IOException {
    SymbolicTensor x = Input.of(4);
    Functional model =
        Model.of(
            List.of(x),
            List.of(new Dense(3).apply(x).named("class"), new Dense(4).apply(x).named("copy")));
    model.build(1);
    model.compile(
        new Adam(),
        Map.of(
            "class",
            Goal.of(new SparseCategoricalCrossEntropy(true), new Accuracy()),
            "copy",
            Goal.of(new MeanSquaredError()).weighted(0.25)));
    Batch batch = Batch.of(List.of(data().features()), List.of(data().labels(), data().features()));
    Path file = directory.resolve("model.safetensors");

    model.save(file);

    assertThat(Model.load(file).evaluate(batch)).isEqualTo(model.evaluate(batch));
  }

  @Test
  void theFileIsSafetensorsWithTheParametersByName(@TempDir Path directory) throws IOException {
    Model model = compiled(sequential());
    Path file = directory.resolve("model.safetensors");

    model.save(file);
    model.save(file);

    SafeTensors.Contents contents = SafeTensors.read(file);
    assertThat(contents.tensors())
        .extracting(SafeTensors.Named::name)
        .contains("dense/kernel", "dense_1/bias", "optimizer:0/dense/kernel")
        .hasSize(4 * 3);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void whatCanNotBeSavedOrLoadedIsRefused(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("model.safetensors");
    Model model = sequential();
    assertThatThrownBy(() -> model.save(file)).hasMessageContaining("has not been built");
    model.build(Shape.of(4), 1, DType.FLOAT64);
    assertThatThrownBy(() -> model.save(file)).hasMessageContaining("saved in FLOAT32");
    model.build(Shape.of(4), 1);
    SafeTensors.write(file, model.parameters().named(), Map.of());
    assertThatThrownBy(() -> Model.load(file)).hasMessageContaining("holds tensors but no model");
    Path later = directory.resolve("later.safetensors");
    SafeTensors.write(later, model.parameters().named(), Map.of("tapestream", "2"));
    assertThatThrownBy(() -> Model.load(later))
        .hasMessageContaining("has layout 2, this release reads 1");
    Path gone = directory.resolve("gone.safetensors");
    SafeTensors.write(
        gone,
        model.parameters().named(),
        Map.of("tapestream", "1", "model", "{\"type\": \"com.example.Gone\"}"));
    assertThatThrownBy(() -> Model.load(gone))
        .hasMessageContaining("names what can't be made here")
        .hasMessageContaining("com.example.Gone");
    Layer unnamed =
        new Layer() {
          @Override
          public Record settings() {
            return new Model.None();
          }

          @Override
          protected Tensor call(Tensor x, Context context) {
            return Relu.of(x);
          }
        };
    Model withUnnamed = Sequential.of(unnamed, new Dense(3));
    withUnnamed.build(Shape.of(4), 1);
    assertThat(withUnnamed.summary()).contains("layer (Layer)");
    assertThatThrownBy(() -> withUnnamed.save(file))
        .hasMessageContaining("can't be saved, since it could not be loaded again")
        .hasMessageContaining(unnamed.getClass().getName());
    model.save(later);
    assertThatThrownBy(() -> Model.load(later).evaluate(data()))
        .as("it was not compiled")
        .hasMessageContaining("has not been compiled");
  }

  private static Model compiled(Model model) {
    model.build(Shape.of(4), 1);
    model.compile(
        new Adam(new ExponentialDecay(0.02, 5, 0.9)),
        new SparseCategoricalCrossEntropy(true),
        new Accuracy());
    return model;
  }

  private static Batch data() {
    int n = 60;
    float[] points = Reference.uniform(1, n * 4);
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
      points[i * 4 + (int) labels[i]] += 1;
    }
    return Batch.of(Tensor.of(points, n, 4), Tensor.of(labels));
  }

  @Test
  void anOptimizerWithoutMemoryIsKeptToo(@TempDir Path directory) throws IOException {
    Model model = sequential();
    model.build(Shape.of(4), 1);
    model.compile(new Sgd(0.1), new SparseCategoricalCrossEntropy(true));
    model.fit(data(), FitOptions.of(16, 1));
    Path file = directory.resolve("model.safetensors");
    model.save(file);
    Model loaded = Model.load(file);

    model.fit(data(), FitOptions.of(16, 1));
    loaded.fit(data(), FitOptions.of(16, 1));

    assertThat(loaded.parameters().values().toFloats())
        .isEqualTo(model.parameters().values().toFloats());
  }
}
