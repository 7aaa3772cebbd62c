package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Course;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While a job is down, its topic loses records that it has not learned from. */
class LostRecordsStoryTest {
  private static final int RECORDS = 240;
  private static final int BEFORE = 120;
  private static final int LOST = 20;

  @TempDir Path directory;

  @Test
  void a_restored_job_names_the_records_that_are_gone_and_goes_on_only_if_that_is_accepted_R6()
      throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, 2);
      topic.writeAvro(0, BEFORE, i -> Topic.oneHot(i, RECORDS));
      Story story =
          Story.of(topic, directory)
              .counting(RECORDS)
              .with("batchSize", 5)
              .with("source.stop", "offset " + RECORDS / 2)
              .with("parallelism.blockFloats", 100);
      LocalJob interrupted = story.start(1, null);
      try (interrupted) {
        awaitRecords(story, BEFORE);
      }
      String checkpoint = interrupted.newestCheckpoint().orElseThrow().toString();
      topic.writeAvro(BEFORE, RECORDS, i -> Topic.oneHot(i, RECORDS));
      TopicPartition partition = new TopicPartition(topic.name(), 0);
      int learned = BEFORE / 2;
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
        RecordsToDelete old = RecordsToDelete.beforeOffset(learned + LOST);
        admin.deleteRecords(Map.of(partition, old)).all().get();
      }

      try (LocalJob job = story.start(1, checkpoint)) {
        assertThatThrownBy(() -> Story.await(job))
            .cause()
            .hasMessageContaining(partition + " offsets 60..79 (at most 20 records)")
            .hasMessageContaining("source.lostRecords: accept");
      }

      try (LocalJob job = story.with("source.lostRecords", "accept").start(1, checkpoint)) {
        Story.await(job);
      }
      float[] weights = story.newestWeights();
      for (int i = 0; i < RECORDS; i++) {
        boolean lost = i % 2 == 0 && i >= BEFORE && i < BEFORE + 2 * LOST;
        assertThat(weights[i]).as("record %d", i).isEqualTo(lost ? 0f : 1f);
      }
      Path version = story.versions().path(story.versions().newest().orElseThrow());
      assertThat(RecordedSchedule.read(version).orElseThrow().course(topic.name(), 0).lost())
          .containsExactly(new Course.Gap(learned / 5, learned, learned + LOST));
    }
  }

  private static void awaitRecords(Story story, int records) throws Exception {
    Story.until(
        records + " records were published",
        () ->
            story.versions().newest().isPresent()
                && story.versions().manifest(story.versions().newest().orElseThrow()).records()
                    == records);
  }
}
