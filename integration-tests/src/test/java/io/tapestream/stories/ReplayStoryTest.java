package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Course;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What depends on the time is recorded, and a run on the record repeats it. */
class ReplayStoryTest {
  private static final int PARTITIONS = 2;
  private static final int RECORDS = 400;
  private static final int WIDTH = 6;

  @TempDir Path live;
  @TempDir Path replayed;
  @TempDir Path undisturbed;

  @Test
  void a_run_with_skips_early_batches_and_a_failure_is_repeated_from_its_record_bit_for_bit_I2()
      throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, PARTITIONS);
      topic.writeAvroTo(0, 0, RECORDS, ReplayStoryTest::example);
      topic.writeAvroTo(1, 0, 30, ReplayStoryTest::example); // 15 records: a batch and a part
      Story story =
          story(topic, live)
              .with("source.idle", "skip after 300 ms")
              .with("batch.linger", "100 ms");
      try (LocalJob job = story.start(1, null)) {
        Story.until(
            "a checkpoint holds the early batch, and rounds that passed without partition 1",
            () -> {
              Optional<Course> course = quiet(story, topic);
              return course.isPresent()
                  && course.get().batches() >= 2
                  && course.get().rounds() > course.get().batches();
            });
        Faults.arm(FaultySgd.PLACE, 20);
        topic.writeAvroTo(1, 30, RECORDS, ReplayStoryTest::example);
        Story.await(job);
      }
      assertThat(Faults.struck(FaultySgd.PLACE)).isTrue();
      float[] weights = story.newestWeights();
      Path version = story.versions().path(story.versions().newest().orElseThrow());
      Course quiet = quiet(story, topic).orElseThrow();
      assertThat(quiet.rounds())
          .as("rounds it took part in or let pass")
          .isGreaterThan(quiet.batches());
      assertThat(quiet.examplesOf(1)).as("left early").isEqualTo(5);

      Story again =
          story(topic, replayed)
              .with("parallelism.trainers", 2)
              .with("parallelism.shards", 2)
              .replaying(version);
      assertThat(again.run()).isEqualTo(weights);
      Path repeated = again.versions().path(again.versions().newest().orElseThrow());
      assertThat(repeated.resolve(RecordedSchedule.FILE))
          .hasSameTextualContentAs(version.resolve(RecordedSchedule.FILE));

      Story plain = story(topic, undisturbed);
      assertThat(plain.run()).as("where nobody is quiet").isNotEqualTo(weights);
      Path first = plain.versions().path(plain.versions().newest().orElseThrow());
      assertThat(RecordedSchedule.read(first)).as("nothing to record").isEmpty();
    }
  }

  /** How partition 1 went in the newest version. */
  private static Optional<Course> quiet(Story story, Topic topic) throws Exception {
    OptionalLong newest = story.versions().newest();
    return newest.isEmpty()
        ? Optional.empty()
        : RecordedSchedule.read(story.versions().path(newest.getAsLong()))
            .map(schedule -> schedule.course(topic.name(), 1));
  }

  private static Story story(Topic topic, Path directory) {
    return Story.of(topic, directory)
        .with("source.stop", "offset " + RECORDS / PARTITIONS)
        .with("input.features", "[x]")
        .with("input.shape", "[" + WIDTH + "]")
        .with(
            "model.layers",
            "[{type: Dense, units: 16, activation: relu}, {type: Dropout, rate: 0.2}, {type: Dense,"
                + " units: 1}]")
        .with("loss", "{type: BinaryCrossEntropy, fromLogits: true}")
        .with("optimizer", "{type: " + FaultySgd.class.getName() + ", learningRate: 0.1}")
        .with("batchSize", 10)
        .with("parallelism.blockFloats", 64);
  }

  private static TrainingExample example(int i) {
    SplittableRandom random = new SplittableRandom(i);
    float[] x = new float[WIDTH];
    for (int k = 0; k < WIDTH; k++) {
      x[k] = (float) random.nextDouble(-1, 1);
    }
    return Topic.example(i, x[0] + x[1] > 0 ? 1 : 0, List.of(DenseFeatures.floats("x", x, WIDTH)));
  }
}
