package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.tapestream.jobs.JobRuntime;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.TrainingJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Savepoints that earlier releases took are restored by this one. Each was taken half way through a
 * stream, in the middle of a round, and is stored under {@code golden/RELEASE/NAME}.
 *
 * <p>A release adds its own: {@code mvn -pl integration-tests -am test -Dtest=GoldenSavepointTest
 * -Dtapestream.golden=DIRECTORY} writes them, to be copied to {@code src/test/resources/golden}.
 */
class GoldenSavepointTest {
  private static final int PARTITIONS = 3;
  private static final int RECORDS = 120;
  private static final int WIDTH = 6;

  /** Written before the savepoint; partition 0 has a batch more than the others, which waits. */
  private static final int BEFORE = 48;

  @RegisterExtension static final Broker BROKER = new Broker();
  private static Topic counting;
  private static Topic adam;

  @TempDir Path directory;

  @BeforeAll
  static void fillTopics() {
    counting = Topic.create(BROKER.kafka(), "golden-counting", PARTITIONS);
    counting.writeAvro(0, RECORDS, GoldenSavepointTest::oneHot);
    adam = Topic.create(BROKER.kafka(), "golden-adam", PARTITIONS);
    adam.writeAvro(0, RECORDS, GoldenSavepointTest::labelled);
  }

  static Stream<String> ofTheCountingModel() throws Exception {
    return stored("counting");
  }

  static Stream<String> ofAModelThatAdamTrains() throws Exception {
    return stored("adam");
  }

  private static Stream<String> stored(String name) throws Exception {
    URI golden = GoldenSavepointTest.class.getResource("/golden").toURI();
    try (Stream<Path> releases = Files.list(Path.of(golden))) {
      return releases
          .map(release -> release.resolve(name))
          .filter(Files::isDirectory)
          .sorted()
          .map(Path::toString)
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("ofTheCountingModel")
  void an_earlier_releases_savepoint_goes_on_and_each_record_counts_once_I1(String savepoint)
      throws Exception {
    float[] weights = restored(countingStory(counting), savepoint);

    assertThat(weights).hasSize(RECORDS).containsOnly(1f);
  }

  @ParameterizedTest
  @MethodSource("ofAModelThatAdamTrains")
  void an_earlier_releases_savepoint_goes_on_with_its_slots_and_rounds(String savepoint)
      throws Exception {
    float[] weights = restored(adamStory(adam, directory.resolve("restored")), savepoint);

    float[] undisturbed = adamStory(adam, directory.resolve("undisturbed")).run();
    // To rounding: the savepoint may have been taken on another processor family.
    assertThat(weights).hasSize(undisturbed.length).containsExactly(undisturbed, offset(1e-5f));
  }

  private static float[] restored(Story story, String savepoint) throws Exception {
    story.with("source.recreated", "accept"); // the topic is made anew in every test
    try (LocalJob job = story.start(1, savepoint)) {
      Story.await(job);
    }
    return story.newestWeights();
  }

  private Story countingStory(Topic topic) {
    return story(topic, directory).counting(RECORDS).with("parallelism.blockFloats", 32);
  }

  private static Story adamStory(Topic topic, Path directory) {
    return story(topic, directory)
        .with("input.features", "[x]")
        .with("input.shape", "[" + WIDTH + "]")
        .with(
            "model.layers",
            "[{type: Dense, units: 5, activation: tanh}, {type: Dropout, rate: 0.2}, {type: Dense, units: 1}]")
        .with("loss", "{type: BinaryCrossEntropy, fromLogits: true}")
        .with("optimizer", "{type: Adam, learningRate: 0.01}")
        .with("metrics", "[{type: Accuracy}]")
        .with("parallelism.blockFloats", 8);
  }

  private static Story story(Topic topic, Path directory) {
    return Story.of(topic, directory)
        .with("source.stop", "offset " + RECORDS / PARTITIONS)
        .with("batchSize", 4)
        .with("parallelism.trainers", 2)
        .with("parallelism.shards", 2);
  }

  private static TrainingExample oneHot(int i) {
    return Topic.oneHot(i, RECORDS);
  }

  private static TrainingExample labelled(int i) {
    float[] x = new float[WIDTH];
    for (int k = 0; k < WIDTH; k++) {
      x[k] = (float) Math.sin(i * WIDTH + k);
    }
    return Topic.example(i, i % 2, List.of(DenseFeatures.floats("x", x, WIDTH)));
  }

  @Test
  @EnabledIfSystemProperty(named = "tapestream.golden", matches = ".+")
  void this_releases_savepoints_are_taken() throws Exception {
    Path golden = Path.of(System.getProperty("tapestream.golden"));
    try (EmbeddedKafka empty = EmbeddedKafka.start()) {
      Topic ones = Topic.create(empty, counting.name(), PARTITIONS);
      take(countingStory(ones), ones, GoldenSavepointTest::oneHot, golden.resolve("counting"));
      Topic labels = Topic.create(empty, adam.name(), PARTITIONS);
      Story story = adamStory(labels, directory.resolve("adam"));
      take(story, labels, GoldenSavepointTest::labelled, golden.resolve("adam"));
    }
  }

  private static void take(
      Story story, Topic topic, IntFunction<TrainingExample> example, Path golden)
      throws Exception {
    topic.writeAvro(0, BEFORE, example);
    topic.writeAvroTo(0, BEFORE, BEFORE + 4 * PARTITIONS, example);
    JobSpec spec = story.spec();
    ClassLoader loader = GoldenSavepointTest.class.getClassLoader();
    Configuration settings = JobRuntime.of(spec);
    settings.set(TaskManagerOptions.NUM_TASK_SLOTS, 2);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(settings);
    TrainingJob.build(env, spec, Submission.of(spec, loader), loader);
    JobClient job = env.executeAsync(spec.name());
    Story.until("all complete rounds are published", () -> story.learned() == BEFORE);
    String taken =
        job.triggerSavepoint(golden.getParent().toUri().toString(), SavepointFormatType.CANONICAL)
            .get();
    job.cancel().get();
    Files.move(Path.of(URI.create(taken)), golden);
  }
}
