package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Course;
import io.tapestream.files.Manifest;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.jobs.TrainingRun;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A topic gets more partitions while a job trains on it. */
class AddedPartitionsStoryTest {
  private static final int RECORDS = 480;

  @TempDir Path directory;

  @Test
  void records_of_old_and_of_added_partitions_count_once_and_no_restart_is_used_up_R3()
      throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, 2);
      topic.writeAvro(0, RECORDS / 3, i -> Topic.oneHot(i, RECORDS));
      Story story =
          Story.of(topic, directory)
              .counting(RECORDS)
              .with("batchSize", 4)
              .with("source.stop", "never")
              .with("source.discovery", "200 ms")
              .with("source.idle", "skip after 200 ms")
              .with("restart.attempts", 0)
              .with("parallelism.shards", 2)
              .with("parallelism.blockFloats", 100);
      List<String> news = new CopyOnWriteArrayList<>();

      try (TrainingRun run = story.train(news::add)) {
        awaitRecords(run, story, RECORDS / 3);
        Topic grown = topic.grow(4);
        grown.writeAvro(RECORDS / 3, RECORDS, i -> Topic.oneHot(i, RECORDS));
        awaitRecords(run, story, RECORDS);
      }

      assertThat(news)
          .singleElement()
          .asString()
          .contains("[" + topic.name() + "-2, " + topic.name() + "-3]");
      assertThat(story.newestWeights()).hasSize(RECORDS).containsOnly(1f);
      Path version = story.versions().path(story.versions().newest().orElseThrow());
      assertThat(Manifest.read(version).topics().get(topic.name())).containsOnlyKeys(0, 1, 2, 3);
      Course joined = RecordedSchedule.read(version).orElseThrow().course(topic.name(), 3);
      assertThat(joined.roundOf(0)).as("the round it joined in").isGreaterThan(20);
      assertThat(joined.batches()).isEqualTo(20);
    }
  }

  /** Waits until a version has learned so many records. */
  private static void awaitRecords(TrainingRun run, Story story, int records) throws Exception {
    Story.until(
        records + " records were published",
        () -> {
          run.await(Story.PAUSE);
          return story.learned() == records;
        });
  }
}
