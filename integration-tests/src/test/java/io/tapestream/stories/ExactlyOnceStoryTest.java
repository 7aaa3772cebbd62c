package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.LocalJob;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** I1: each record counts once in the weights, whatever fails in one process. */
class ExactlyOnceStoryTest {
  private static final int RECORDS = 1_200;
  private static final int PARTITIONS = 3;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;

  private Story counting(Topic topic) {
    return Story.of(topic, directory)
        .counting(RECORDS)
        .with("batchSize", 4)
        .with("parallelism.trainers", 2)
        .with("parallelism.shards", 2)
        .with("parallelism.blockFloats", 256);
  }

  private static Topic countingTopic(int records) {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, records, i -> Topic.oneHot(i, RECORDS));
    return topic;
  }

  private static void assertEachCountedOnce(float[] weights) {
    assertThat(weights).hasSize(RECORDS);
    assertThat(weights).containsOnly(1f);
  }

  /** Whatever a version's manifest says it has learned from stands in its weights, and no other. */
  private static void assertVersionsAreExact(Story story, Topic topic) throws Exception {
    for (long version : story.versions().complete()) {
      Map<Integer, Long> learned = story.versions().manifest(version).topics().get(topic.name());
      float[] expected = new float[RECORDS];
      for (int i = 0; i < RECORDS; i++) {
        expected[i] = i / PARTITIONS < learned.getOrDefault(i % PARTITIONS, 0L) ? 1 : 0;
      }
      assertThat(story.weights(version)).as("version %d", version).isEqualTo(expected);
    }
  }

  @Test
  void each_record_counts_once_when_nothing_fails_I1() throws Exception {
    assertEachCountedOnce(counting(countingTopic(RECORDS)).run());
  }

  @ParameterizedTest
  @ValueSource(strings = {"synchronous", "bounded(3)", "asynchronous"})
  void each_record_counts_once_after_an_exception_in_a_trainer_I1(String consistency)
      throws Exception {
    Faults.arm(FaultyCountingModel.PLACE, 170);
    Topic topic = countingTopic(RECORDS);
    Story story =
        counting(topic)
            .with("model.class", FaultyCountingModel.class.getName())
            .with("consistency", consistency);

    float[] weights = story.run();

    assertThat(Faults.struck(FaultyCountingModel.PLACE)).isTrue();
    assertEachCountedOnce(weights);
    assertVersionsAreExact(story, topic);
  }

  @ParameterizedTest
  @CsvSource({
    "synchronous, hashmap",
    "synchronous, rocksdb",
    "bounded(3), hashmap",
    "asynchronous, hashmap",
    "asynchronous, rocksdb"
  })
  void each_record_counts_once_after_an_exception_in_a_shard_I1(String consistency, String backend)
      throws Exception {
    Faults.arm(FaultySgd.PLACE, 250);
    Topic topic = countingTopic(RECORDS);
    Story story =
        counting(topic)
            .with("optimizer", "{type: " + FaultySgd.class.getName() + ", learningRate: 1.0}")
            .with("consistency", consistency)
            .with("checkpoints.backend", backend);

    float[] weights = story.run();

    assertThat(Faults.struck(FaultySgd.PLACE)).isTrue();
    assertEachCountedOnce(weights);
    assertVersionsAreExact(story, topic);
  }

  @Test
  void each_record_counts_once_after_the_broker_was_restarted_I1() throws Exception {
    Topic topic = countingTopic(RECORDS / 2);
    Story story = counting(topic).with("source.stop", "offset " + RECORDS / PARTITIONS);
    try (LocalJob job = story.start(1, null)) {
      Story.until("some records were learned", () -> job.progress().records() > RECORDS / 4);

      BROKER.kafka().stop();
      BROKER.kafka().restart();
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
