package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** I1 on a cluster of separate processes, one of which is killed. */
class KilledProcessStoryTest {
  private static final int RECORDS = 1_200;
  private static final int PARTITIONS = 3;

  @TempDir Path directory;

  @Test
  void each_record_counts_once_after_kill_9_of_a_task_manager_I1() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start();
        ProcessCluster cluster =
            ProcessCluster.start(directory.resolve("cluster"), ClusterShape.of(2, 2))) {
      Topic topic = Topic.create(kafka, PARTITIONS);
      topic.writeAvro(0, RECORDS / 2, i -> Topic.oneHot(i, RECORDS));
      Story story =
          Story.of(topic, directory)
              .counting(RECORDS)
              .with("batchSize", 4)
              .with("source.stop", "offset " + RECORDS / PARTITIONS)
              .with("parallelism.trainers", 2)
              .with("parallelism.shards", 2)
              .with("parallelism.blockFloats", 256)
              .with("restart.attempts", 100);
      try (RunningJob job = cluster.start(story, null)) {
        Story.until("a version is published", () -> story.versions().newest().isPresent());

        cluster.kill("task-manager-1");
        cluster.cluster().startTaskManager();
        topic.writeAvro(RECORDS / 2, RECORDS, i -> Topic.oneHot(i, RECORDS));

        Story.await(job);
      } catch (Exception | AssertionError e) {
        throw new AssertionError(cluster.logs(), e);
      }
      assertThat(story.newestWeights()).hasSize(RECORDS).containsOnly(1f);
    }
  }
}
