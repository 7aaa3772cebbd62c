package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.LocalJob;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A partition without records does not keep the others from training, in any consistency. */
class IdlePartitionStoryTest {
  private static final int RECORDS = 400;
  private static final int BATCH = 5;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"synchronous", "bounded(3)", "asynchronous"})
  void a_busy_partition_is_learned_while_the_other_is_empty_and_all_count_once_R5(
      String consistency) throws Exception {
    Topic topic = BROKER.topic(2);
    topic.writeAvroTo(0, 0, RECORDS, i -> Topic.oneHot(i, RECORDS));
    Story story =
        Story.of(topic, directory)
            .counting(RECORDS)
            .with("consistency", consistency)
            .with("source.stop", "offset " + RECORDS / 2)
            .with("source.idle", "skip after 200 ms")
            .with("batchSize", BATCH)
            .with("parallelism.trainers", 2)
            .with("parallelism.blockFloats", 150);
    try (LocalJob job = story.start(1, null)) {
      Story.until("all of partition 0 is published", () -> story.learned() == RECORDS / 2);
      topic.writeAvroTo(1, 0, RECORDS, i -> Topic.oneHot(i, RECORDS));
      Story.await(job);
    }
    assertThat(story.newestWeights()).hasSize(RECORDS).containsOnly(1f);
  }
}
