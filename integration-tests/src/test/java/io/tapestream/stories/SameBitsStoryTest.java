package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.Submission;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.schedules.ExponentialDecay;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** I2: the same records give the same bits, however many trainers, shards and cores there are. */
class SameBitsStoryTest {
  private static final int PARTITIONS = 4;
  private static final int BATCH = 8;
  private static final int ROUNDS = 30;
  private static final int RECORDS = PARTITIONS * BATCH * ROUNDS;
  private static final int WIDTH = 12;
  private static final int CLASSES = 3;

  @RegisterExtension static final Broker BROKER = new Broker();
  private static Topic topic;
  private static float[] reference;

  @TempDir static Path referenceDirectory;
  @TempDir Path directory;

  @BeforeAll
  static void learnOnce() throws Exception {
    topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, RECORDS, SameBitsStoryTest::example);
    reference = clipped(topic, referenceDirectory).run();
  }

  private static float[] features(int i) {
    SplittableRandom random = new SplittableRandom(i);
    float[] values = new float[WIDTH];
    for (int k = 0; k < WIDTH; k++) {
      values[k] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static float label(int i) {
    float[] x = features(i);
    return x[0] > 0.3 ? 2 : x[1] + x[2] > 0 ? 1 : 0;
  }

  private static TrainingExample example(int i) {
    return Topic.example(i, label(i), List.of(DenseFeatures.floats("x", features(i), WIDTH)));
  }

  private static Story story(Topic topic, Path directory) {
    return Story.of(topic, directory)
        .with("input.features", "[x]")
        .with("input.shape", "[" + WIDTH + "]")
        .with(
            "model.layers",
            "[{type: Dense, units: 32, activation: relu}, {type: Dropout, rate: 0.1}, {type:"
                + " Dense, units: "
                + CLASSES
                + "}]")
        .with("loss", "{type: SparseCategoricalCrossEntropy, fromLogits: true}")
        .with(
            "optimizer",
            "{type: Adam, learningRate: {type: ExponentialDecay, initialLearningRate: 0.01, decaySteps: 20, decayRate: 0.5}}")
        .with("batchSize", BATCH)
        .with("pieceRows", 4)
        .with("parallelism.trainers", 1)
        .with("parallelism.shards", 1)
        .with("parallelism.blockFloats", 128);
  }

  /** Each partition's gradient is shortened, most of them, and most rounds' too. */
  private static Story clipped(Topic topic, Path directory) {
    return story(topic, directory).with("clip.globalNorm", 0.3).with("clip.roundNorm", 0.2);
  }

  @ParameterizedTest(name = "{0} trainers, {1} shards, {2} threads, {3} task managers")
  @CsvSource({"2, 1, 1, 1", "4, 2, 1, 1", "1, 3, 1, 1", "1, 1, 2, 1", "2, 2, 2, 2"})
  void the_weights_are_bit_identical_at_any_parallelism_I2(
      int trainers, int shards, int threads, int taskManagers) throws Exception {
    Story story =
        clipped(topic, directory)
            .with("parallelism.trainers", trainers)
            .with("parallelism.shards", shards)
            .with("parallelism.threads", threads);
    try (LocalJob job = story.start(taskManagers, null)) {
      Story.await(job);
    }
    assertThat(story.newestWeights()).isEqualTo(reference);
  }

  /** Tensors lie across blocks and shards; a trainer shortens them before it cuts them up. */
  @Test
  void gradients_clipped_tensor_by_tensor_give_the_same_bits_with_any_number_of_shards_I2()
      throws Exception {
    float[] one = story(topic, directory.resolve("one")).with("clip.norm", 0.05).run();
    float[] three =
        story(topic, directory.resolve("three"))
            .with("clip.norm", 0.05)
            .with("parallelism.trainers", 2)
            .with("parallelism.shards", 3)
            .run();
    assertThat(three).isEqualTo(one).isNotEqualTo(reference);
    assertThat(story(topic, directory.resolve("unclipped")).run()).isNotEqualTo(one);
  }

  /** The first layer's kernel has 384 values: in chunks of 50 it takes eight messages. */
  @Test
  void an_optimizer_that_needs_whole_tensors_gets_them_in_chunks_at_any_parallelism_R14()
      throws Exception {
    float[] whole = wholeTensors("whole").with("parallelism.blockFloats", 1_024).run();
    float[] chunks =
        wholeTensors("chunks")
            .with("parallelism.blockFloats", 50)
            .with("parallelism.trainers", 2)
            .with("parallelism.shards", 3)
            .run();
    assertThat(chunks).isEqualTo(whole).isNotEqualTo(reference);
  }

  private Story wholeTensors(String name) {
    return story(topic, directory.resolve(name))
        .with("optimizer", "{type: " + TrustRatioSgd.class.getName() + ", learningRate: 0.05}");
  }

  @Test
  void what_compression_leaves_unsent_survives_a_restore_with_more_trainers_I2() throws Exception {
    float[] undisturbed = compressed(topic, directory.resolve("undisturbed")).run();
    Topic halved = BROKER.topic(PARTITIONS);
    halved.writeAvro(0, RECORDS / 2, SameBitsStoryTest::example);
    Story story =
        compressed(halved, directory.resolve("restored"))
            .with("source.stop", "offset " + RECORDS / PARTITIONS);
    LocalJob first = story.start(1, null);
    try (first) {
      Story.until("half of the records are learned", () -> story.learned() == RECORDS / 2);
    }
    String checkpoint = first.newestCheckpoint().orElseThrow().toString();
    halved.writeAvro(RECORDS / 2, RECORDS, SameBitsStoryTest::example);
    try (LocalJob job = story.with("parallelism.trainers", 2).start(1, checkpoint)) {
      Story.await(job);
    }
    assertThat(story.newestWeights()).isEqualTo(undisturbed).isNotEqualTo(reference);
  }

  private static Story compressed(Topic topic, Path directory) {
    return story(topic, directory).with("compression", "topk(0.05)");
  }

  @Test
  void arrow_records_train_to_the_same_bits_as_avro_records() throws Exception {
    Topic arrow = BROKER.topic(PARTITIONS);
    arrow.writeArrow(0, RECORDS, 7, SameBitsStoryTest::example); // a row may start a batch
    assertThat(clipped(arrow, directory).with("source.format", "arrow").run()).isEqualTo(reference);
  }

  @Test
  void the_rounds_are_the_same_as_fit_in_memory_on_the_joined_batches() throws Exception {
    Story story =
        story(topic, directory)
            .with(
                "model.layers",
                "[{type: Dense, units: 32, activation: relu}, {type: Dense, units: "
                    + CLASSES
                    + "}]"); // dropout draws by virtual worker, which fit has none of
    float[] streamed = story.run();

    Submission submission = Submission.of(story.spec(), SameBitsStoryTest.class.getClassLoader());
    List<Batch> rounds = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      rounds.add(joined(round));
    }
    try (Model model = submission.model()) {
      model.compile(
          new Adam(new ExponentialDecay(0.01, 20, 0.5)), new SparseCategoricalCrossEntropy(true));
      model.fit(rounds, FitOptions.of(PARTITIONS * BATCH, 1).withStep(StepSettings.of(1)));
      float[] fitted = new float[model.parameters().size()];
      model.parameters().read(0, fitted, 0, fitted.length);

      assertThat(streamed).hasSameSizeAs(fitted);
      for (int i = 0; i < fitted.length; i++) {
        assertThat(streamed[i]).as("weight %d", i).isCloseTo(fitted[i], within(1e-5f));
      }
    }
  }

  /** The records that one round joins: the same mini-batch index of all partitions. */
  private static Batch joined(int round) {
    int rows = PARTITIONS * BATCH;
    Batch batch =
        Batch.of(
            Tensor.zeros(DType.FLOAT32, Shape.of(rows, WIDTH)),
            Tensor.zeros(DType.FLOAT32, Shape.of(rows)));
    int row = 0;
    for (int partition = 0; partition < PARTITIONS; partition++) {
      for (int k = 0; k < BATCH; k++, row++) {
        int i = (round * BATCH + k) * PARTITIONS + partition;
        batch.features().write(row * WIDTH, features(i), 0, WIDTH);
        batch.labels().write(row, new float[] {label(i)}, 0, 1);
      }
    }
    return batch;
  }
}
