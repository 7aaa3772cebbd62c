package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.LocalJob;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What may change in a job's file between a checkpoint and the job that goes on from it. */
class ChangedSettingsStoryTest {
  private static final int RECORDS = 64;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;

  @Test
  void a_restored_job_goes_on_with_the_learning_rate_that_its_file_now_says() throws Exception {
    Topic topic = BROKER.topic(2);
    topic.writeAvro(0, RECORDS / 2, i -> Topic.oneHot(i, RECORDS));
    Story story =
        Story.of(topic, directory)
            .counting(RECORDS)
            .with("source.stop", "offset " + RECORDS / 2)
            .with("batchSize", 4)
            .with("parallelism.shards", 2)
            .with("parallelism.blockFloats", 16);
    LocalJob first = story.start(1, null);
    try (first) {
      Story.until("half of it is published", () -> learned(story) == RECORDS / 2);
    }
    Path checkpoint = first.newestCheckpoint().orElseThrow(); // now no later one replaces it

    topic.writeAvro(RECORDS / 2, RECORDS, i -> Topic.oneHot(i, RECORDS));
    story.with(
        "optimizer",
        "{type: Sgd, learningRate: {type: PiecewiseConstantDecay, boundaries: [5], values: [2, 3]}}");
    try (LocalJob job = story.start(1, checkpoint.toString())) {
      Story.await(job);
    }

    float[] weights = story.newestWeights();
    for (int i = 0; i < RECORDS; i++) {
      int round = i / (2 * 4); // of two partitions, four records each
      assertThat(weights[i]).as("record %d", i).isEqualTo(round < 4 ? 1 : round <= 5 ? 2 : 3);
    }
  }

  private static long learned(Story story) throws Exception {
    var newest = story.versions().newest();
    return newest.isEmpty() ? 0 : story.versions().manifest(newest.getAsLong()).records();
  }
}
