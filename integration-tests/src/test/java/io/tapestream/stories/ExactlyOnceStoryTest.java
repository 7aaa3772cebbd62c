package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** I1: each record counts once in the weights, whatever fails in one process. */
class ExactlyOnceStoryTest {
  private static final int RECORDS = 1_200;
  private static final int PARTITIONS = 3;

  private static EmbeddedKafka kafka;

  @TempDir Path directory;

  @BeforeAll
  static void startBroker() {
    kafka = EmbeddedKafka.start();
  }

  @AfterAll
  static void stopBroker() {
    kafka.close();
  }

  private Story counting(Topic topic) {
    return Story.of(topic, directory)
        .counting(RECORDS)
        .with("batchSize", 4)
        .with("parallelism.trainers", 2)
        .with("parallelism.shards", 2)
        .with("parallelism.blockFloats", 256);
  }

  private static Topic countingTopic(int records) {
    Topic topic = Topic.create(kafka, PARTITIONS);
    topic.writeAvro(0, records, i -> Topic.oneHot(i, RECORDS));
    return topic;
  }

  private static void assertEachCountedOnce(float[] weights) {
    assertThat(weights).hasSize(RECORDS);
    assertThat(weights).containsOnly(1f);
  }

  @Test
  void each_record_counts_once_when_nothing_fails_I1() throws Exception {
    assertEachCountedOnce(counting(countingTopic(RECORDS)).run());
  }

  @Test
  void each_record_counts_once_after_an_exception_in_a_trainer_I1() throws Exception {
    Faults.arm(FaultyCountingModel.PLACE, 170);
    Story story =
        counting(countingTopic(RECORDS)).with("model.class", FaultyCountingModel.class.getName());

    float[] weights = story.run();

    assertThat(Faults.struck(FaultyCountingModel.PLACE)).isTrue();
    assertEachCountedOnce(weights);
  }

  @Test
  void each_record_counts_once_after_an_exception_in_a_shard_I1() throws Exception {
    Faults.arm(FaultySgd.PLACE, 250);
    Story story =
        counting(countingTopic(RECORDS))
            .with("optimizer", "{type: " + FaultySgd.class.getName() + ", learningRate: 1.0}");

    float[] weights = story.run();

    assertThat(Faults.struck(FaultySgd.PLACE)).isTrue();
    assertEachCountedOnce(weights);
  }

  @Test
  void each_record_counts_once_after_the_broker_was_restarted_I1() throws Exception {
    Topic topic = countingTopic(RECORDS / 2);
    Story story = counting(topic).with("source.stop", "offset " + RECORDS / PARTITIONS);
    try (LocalJob job = story.start(1, null)) {
      Story.until("some records were learned", () -> job.progress().records() > RECORDS / 4);

      kafka.stop();
      kafka.restart();
      topic.writeAvro(RECORDS / 2, RECORDS, i -> Topic.oneHot(i, RECORDS));

      Story.await(job);
    }
    assertEachCountedOnce(story.newestWeights());
  }

  @Test
  void each_record_counts_once_after_a_task_manager_was_lost_and_replaced_I1() throws Exception {
    Topic topic = countingTopic(RECORDS / 2);
    Story story =
        counting(topic)
            .with("source.stop", "offset " + RECORDS / PARTITIONS)
            .with("restart.attempts", 20);
    try (LocalJob job = story.start(2, null)) {
      Story.until("a version is published", () -> story.versions().newest().isPresent());

      job.flink().terminateTaskManager(0);
      job.flink().startTaskManager();
      topic.writeAvro(RECORDS / 2, RECORDS, i -> Topic.oneHot(i, RECORDS));

      Story.await(job);
    }
    assertEachCountedOnce(story.newestWeights());
  }
}
