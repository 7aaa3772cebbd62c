package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.benchmarks.chaos.Workload;
import io.tapestream.files.Course;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.jobs.LocalJob;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** While a job is down, its topic loses records that it has not learned from. */
class LostRecordsStoryTest {
  private static final int RECORDS = 240;
  private static final int BEFORE = 120;
  private static final int LOST = 20; // of partition 0, the first that were not learned
  private static final int PARTITIONS = 2;
  private static final int BACK = BEFORE + PARTITIONS * LOST; // where it goes on
  private static final int BATCH = 5;

  @RegisterExtension static final Broker BROKER = new Broker();

  private static float[] lenet; // after a topic that never held the records that others lose

  @TempDir Path directory;

  @BeforeAll
  static void learnWithoutThem(@TempDir Path undisturbed) throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvroTo(0, 0, BEFORE, i -> Workload.LENET.example(i, RECORDS));
    topic.writeAvroTo(0, BACK, RECORDS, i -> Workload.LENET.example(i, RECORDS));
    topic.writeAvroTo(1, 0, RECORDS, i -> Workload.LENET.example(i, RECORDS));
    lenet = story(Workload.LENET, topic, undisturbed).run();
  }

  /** The weights that are left when each record has counted once but those that were lost. */
  private static float[] without(Workload workload, int size) {
    if (workload == Workload.LENET) {
      return lenet;
    }
    float[] counts = new float[size];
    for (int i = 0; i < RECORDS; i++) {
      counts[i] = i % PARTITIONS == 0 && i >= BEFORE && i < BACK ? 0 : 1;
    }
    return counts;
  }

  private static Story story(Workload workload, Topic topic, Path directory) {
    return Story.of(topic, directory).learning(workload, RECORDS).with("batchSize", BATCH);
  }

  @ParameterizedTest
  @CsvSource({"LEDGER, hashmap", "LEDGER, rocksdb", "LENET, hashmap", "LENET, rocksdb"})
  void a_restored_job_names_the_records_that_are_gone_and_goes_on_only_if_that_is_accepted_R6(
      Workload workload, String backend) throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, BEFORE, i -> workload.example(i, RECORDS));
    Story story =
        story(workload, topic, directory)
            .with("source.stop", "offset " + RECORDS / PARTITIONS)
            .with("checkpoints.backend", backend);
    LocalJob interrupted = story.start(1, null);
    try (interrupted) {
      Story.until("what was written is published", () -> story.learned() == BEFORE);
    }
    String checkpoint = interrupted.newestCheckpoint().orElseThrow().toString();
    topic.writeAvro(BEFORE, RECORDS, i -> workload.example(i, RECORDS));
    TopicPartition partition = new TopicPartition(topic.name(), 0);
    int learned = BEFORE / PARTITIONS;
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", topic.bootstrap()))) {
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
    assertThat(weights).isEqualTo(without(workload, weights.length));
    Path version = story.versions().path(story.versions().newest().orElseThrow());
    assertThat(RecordedSchedule.read(version).orElseThrow().course(topic.name(), 0).lost())
        .containsExactly(new Course.Gap(learned / BATCH, learned, learned + LOST));
  }
}
