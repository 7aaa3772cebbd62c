package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.TrainingRun;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.DeadLetter;
import io.tapestream.schemas.avro.TrainingExample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What follows when one batch after another gives no gradient that could count. */
class StoppedTrainingStoryTest {
  private static final int RECORDS = 64;
  private static final int BATCH = 4;

  /** Batches 6, 7 and 8 of the one partition are poisoned. */
  private static final int POISON_FROM = 24;

  private static final int POISON_TO = 36;

  /** Two batches before, so that a version of these is known to be good. */
  private static final int PROVEN = 16;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;
  private Topic topic;

  private static TrainingExample example(int i) {
    if (i < POISON_FROM || i >= POISON_TO) {
      return Topic.oneHot(i, RECORDS);
    }
    float[] poison = new float[RECORDS];
    Arrays.fill(poison, 1e4f);
    return Topic.example(i, 0, List.of(DenseFeatures.floats("x", poison, RECORDS)));
  }

  private Story poisoned() {
    topic = BROKER.topic(1);
    return Story.of(topic, directory)
        .counting(RECORDS)
        .with("batchSize", BATCH)
        .with("source.stop", "offset " + RECORDS)
        .with("parallelism.shards", 2)
        .with("parallelism.blockFloats", 16)
        .with("guard.maxGradientNorm", 1000)
        .with("guard.stopAfter", 3);
  }

  @Test
  void a_job_stops_after_so_many_skipped_batches_and_goes_on_from_its_checkpoint_I7()
      throws Exception {
    Story story = poisoned();
    topic.writeAvro(0, RECORDS, StoppedTrainingStoryTest::example);
    Path checkpoint;
    try (LocalJob job = story.start(1, null)) {
      assertThatThrownBy(() -> job.await(Story.PATIENCE))
          .hasStackTraceContaining("3 mini-batches in a row")
          .hasStackTraceContaining(topic.name() + "-0 offset " + POISON_TO);
      checkpoint = job.newestCheckpoint().orElseThrow();
    }

    try (LocalJob job = story.start(1, checkpoint.toString())) {
      Story.await(job);
    }

    assertEachCountedOnceButForThePoison(story.newestWeights());
    assertThePoisonIsOnTheDeadLetterTopic();
  }

  @Test
  void a_job_that_resumes_goes_on_from_its_last_good_version_after_the_records_it_took_I1()
      throws Exception {
    Story story = poisoned().with("guard.then", "resume");
    topic.writeAvro(0, PROVEN, StoppedTrainingStoryTest::example);
    List<String> news = new ArrayList<>();
    try (TrainingRun run = story.train(news::add)) {
      Story.until("some records are published", () -> learned(story) == PROVEN);
      topic.writeAvro(PROVEN, RECORDS, StoppedTrainingStoryTest::example);
      Story.until("training has ended", () -> run.await(Story.PAUSE));
    }

    Manifest last = story.versions().manifest(story.versions().newest().orElseThrow());
    assertThat(news).singleElement().asString().contains("3 mini-batches in a row");
    assertThat(last.lineage().start()).isNotNull();
    Manifest good = story.versions().manifest(last.lineage().start().version());
    long from = good.topics().get(topic.name()).get(0);
    Lineage.Abandoned abandoned = new Lineage.Abandoned(topic.name(), 0, from, POISON_TO);
    assertThat(from).as("a batch trained on it has counted").isBetween((long) PROVEN, 23L);
    assertThat(last.lineage().abandoned()).containsExactly(abandoned);
    assertThat(news.get(0)).contains("version " + good.version(), abandoned.toString());
    assertThat(last.topics()).isEqualTo(Map.of(topic.name(), Map.of(0, (long) RECORDS)));
    assertThat(last.round())
        .as("rounds count on")
        .isEqualTo(good.round() + (RECORDS - POISON_TO) / BATCH);
    float[] weights = story.newestWeights();
    for (int i = 0; i < RECORDS; i++) {
      boolean passedOver = i >= from && i < POISON_TO;
      assertThat(weights[i]).as("record %d", i).isEqualTo(passedOver ? 0 : 1);
    }
    assertThePoisonIsOnTheDeadLetterTopic();
  }

  private static long learned(Story story) throws Exception {
    OptionalLong newest = story.versions().newest();
    return newest.isEmpty() ? 0 : story.versions().manifest(newest.getAsLong()).records();
  }

  private static void assertEachCountedOnceButForThePoison(float[] weights) {
    for (int i = 0; i < RECORDS; i++) {
      boolean poison = i >= POISON_FROM && i < POISON_TO;
      assertThat(weights[i]).as("record %d", i).isEqualTo(poison ? 0 : 1);
    }
  }

  private void assertThePoisonIsOnTheDeadLetterTopic() throws Exception {
    Map<Long, DeadLetter> letters = Letters.of(topic, POISON_TO - POISON_FROM);
    assertThat(letters).hasSize(POISON_TO - POISON_FROM);
    letters.forEach(
        (offset, letter) -> {
          assertThat(letter.getReason()).isEqualTo("GRADIENT_TOO_LARGE");
          assertThat(Letters.original(letter))
              .isEqualTo(AvroCodec.examples().encode(example(offset.intValue())));
        });
  }
}
