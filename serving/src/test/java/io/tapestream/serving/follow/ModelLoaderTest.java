package io.tapestream.serving.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.Releases;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionVerifier;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real models, as a publisher writes them. */
class ModelLoaderTest {
  private static final float[] EXAMPLES = {1, -2, 3, 0.5f, 0, -1, 7, 2};

  @TempDir Path directory;
  private ModelFollower follower;

  @BeforeEach
  void follow() {
    follower =
        ModelFollower.start(
            directory, "net", FollowSettings.defaults().withPollInterval(Duration.ofMillis(20)));
  }

  @AfterEach
  void close() {
    follower.close();
  }

  @Test
  void aChainOfLayersAnswersBitForBitAsTheModelThatWasPublished() throws Exception {
    try (Model trained = Sequential.of(new Dense(8, ActivationFunction.RELU), new Dense(3))) {
      trained.build(Shape.of(4), 42);
      publish(1, trained, Specs.toJson(trained).toString());
      assertAnswersLike(trained, 1);
      publish(
          2,
          trained,
          "{\"type\": \"Sequential\", \"settings\": {\"layers\": [{\"type\": \"Dense\","
              + " \"settings\": {\"units\": 8, \"activation\": \"relu\"}}, {\"type\": \"Dense\","
              + " \"settings\": {\"units\": 3}}]}}");
      assertAnswersLike(trained, 2);
    }
  }

  @Test
  void theLinesOfTheFollowersDocumentationDoWhatTheySay() throws Exception {
    try (Model trained = Sequential.of(new Dense(3))) {
      trained.build(Shape.of(4), 42);
      publish(1, trained, Specs.toJson(trained).toString());
    }
    Releases.update(new VersionDirectory(directory, "net"), now -> now.withLabel("stable", 1));
    float[] pixels = {1, -2, 3, 0.5f};
    List<String> printed = new CopyOnWriteArrayList<>();

    FollowSettings settings = FollowSettings.defaults();
    try (ModelFollower followed = ModelFollower.start(directory, "net", settings)) {
      followed.addListener((before, now) -> printed.add("version " + now.version()));
      followed.awaitVersion(1, Duration.ofMinutes(1));
      Predictions answer = followed.predict(pixels, 1);
      printed.add(answer.version().version() + " says " + answer.values()[0]);
      while (followed.status().labels().isEmpty()) {
        followed.checkNow(); // labelled versions follow the default one
      }
      Predictions stable = followed.predict(Choice.label("stable"), pixels, 1);
      assertThat(stable.values()).isEqualTo(answer.values());
      assertThat(printed).contains("1 says " + answer.values()[0]);
    }
  }

  /** A model of one's own, found by its class name. */
  public static final class TwoHeads extends Model {
    private final Dense left = new Dense(2, ActivationFunction.TANH);
    private final Dense right = new Dense(2);

    @Override
    protected Tensor call(Tensor x, Context context) {
      return right.apply(left.apply(x, context), context);
    }
  }

  @Test
  void aSubclassIsFoundByItsNameThroughTheGivenClassLoader() throws Exception {
    try (Model trained = new TwoHeads()) {
      trained.build(Shape.of(4), 7);
      publish(1, trained, Specs.toJson(trained).toString());
      assertAnswersLike(trained, 1);
    }
  }

  @Test
  void weightsOfAnotherModelAndAnUnknownClassAreRejectedByName() throws Exception {
    try (Model good = Sequential.of(new Dense(2));
        Model other = Sequential.of(new Dense(3))) {
      good.build(Shape.of(4), 1);
      other.build(Shape.of(4), 1);
      publish(1, good, Specs.toJson(good).toString());
      assertAnswersLike(good, 1);

      publish(2, other, Specs.toJson(good).toString());
      publish(3, good, "{\"type\": \"com.example.Absent\"}");
      publish(4, good, Specs.toJson(new Dense(2)).toString());
      follower.checkNow();

      assertThat(follower.rejections())
          .extracting(Rejection::reason)
          .satisfiesExactly(
              reason ->
                  assertThat(reason)
                      .contains("weights.safetensors doesn't fit the model")
                      .contains("(4, 2)")
                      .contains("(4, 3)"),
              reason ->
                  assertThat(reason)
                      .contains("model.json names no model that can be made here")
                      .contains("com.example.Absent"),
              reason ->
                  assertThat(reason)
                      .contains("model.json names no model that can be made here")
                      .contains("Dense"));
      assertAnswersLike(good, 1);
    }
  }

  @Test
  void aSpecificationThatTookThePlaceOfTheCheckedOneIsNotEvenParsed() throws Exception {
    try (Model good = Sequential.of(new Dense(2))) {
      good.build(Shape.of(4), 1);
      publish(1, good, Specs.toJson(good).toString());
    }
    VersionDirectory versions = new VersionDirectory(directory, "net");
    Manifest checked = VersionVerifier.UNSIGNED.verify(versions, 1);
    Path spec = versions.path(1).resolve(Manifest.MODEL);
    ModelLoader loader = new ModelLoader(ModelLoaderTest.class.getClassLoader());

    Files.writeString(spec, "?".repeat((int) Files.size(spec)));
    assertThatThrownBy(() -> loader.load(checked, versions.path(1)))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageStartingWith(spec + " is damaged: its SHA-256 is ");
    Files.writeString(spec, "{\"type\": \"com.example.Absent\"}");
    assertThatThrownBy(() -> loader.load(checked, versions.path(1)))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining("bytes, the manifest says");
  }

  @Test
  void memoryOutsideTheHeapIsFreedWithEachOldVersion() throws Exception {
    try (Model trained = Sequential.of(new Dense(512), new Dense(512), new Dense(3))) {
      trained.build(Shape.of(4), 42);
      String spec = Specs.toJson(trained).toString();
      publish(1, trained, spec);
      assertAnswersLike(trained, 1);
      long before = Pointer.totalBytes();
      for (long version = 2; version <= 20; version++) {
        publish(version, trained, spec);
        assertAnswersLike(trained, version);
      }
      assertThat(Pointer.totalBytes()).isLessThan(before + trained.parameters().size() * 4L);
    }
  }

  private void assertAnswersLike(Model model, long version) throws Exception {
    assertThat(follower.awaitVersion(version, Duration.ofSeconds(30))).isPresent();
    Predictions answer = follower.predict(EXAMPLES, 2);
    try (Tensor features = Tensor.of(EXAMPLES, 2, 4);
        Tensor expected = model.predict(features)) {
      assertThat(answer.shape()).containsExactly(2, expected.dim(1));
      assertThat(answer.values()).containsExactly(expected.toFloats());
    }
    assertThat(answer.version().version()).isEqualTo(version);
  }

  private void publish(long version, Model model, String spec) throws IOException {
    Path target = Files.createDirectories(new VersionDirectory(directory, "net").path(version));
    Path weights = target.resolve(Manifest.WEIGHTS);
    SafeTensors.write(weights, model.parameters().named(), Map.of());
    Path architecture = Files.writeString(target.resolve(Manifest.MODEL), spec);
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            "net",
            version,
            "run",
            "job",
            version,
            Instant.EPOCH,
            version,
            version,
            Map.of(),
            Map.of(),
            Lineage.NONE,
            new Signature(List.of("x"), List.of(4), "float32", List.of()),
            JsonNodeFactory.instance.objectNode(),
            "test",
            List.of(FileEntry.of(architecture), FileEntry.of(weights)));
    Path unseen = Files.writeString(target.resolve(".manifest"), manifest.toJson());
    Files.move(unseen, target.resolve(Manifest.FILE));
  }
}
