package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.JobMetrics;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.schemas.DenseFeatures;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What goes over the wire, as the job's own metrics count it. */
class TrafficStoryTest {
  private static final int PARTITIONS = 2;
  private static final int BATCH = 4;
  private static final int ROUNDS = 20;
  private static final int RECORDS = PARTITIONS * BATCH * ROUNDS;
  private static final int WIDTH = 4_096;
  private static final double DENSE = WIDTH * Float.BYTES;
  private static final double MOST = 1.05;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;

  @Test
  void gradients_go_up_once_a_contribution_and_weights_down_once_a_process_and_round()
      throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, RECORDS, i -> Topic.oneHot(i, WIDTH));
    Story story =
        Story.of(topic, directory)
            .counting(WIDTH)
            .with("source.stop", "never")
            .with("batchSize", BATCH)
            .with("parallelism.trainers", PARTITIONS)
            .with("parallelism.shards", 2)
            .with("parallelism.blockFloats", 1_024);
    try (LocalJob job = story.start(1, null)) {
      JobMetrics metrics = job.flink().metrics();
      Story.until("all records are learned", () -> learned(metrics));

      double up = metrics.sum(Measure.BYTES_UP.title()) / DENSE;
      double down = metrics.sum(Measure.BYTES_DOWN.title()) / DENSE;
      assertThat(up / (PARTITIONS * ROUNDS)).as("up a contribution").isBetween(1.0, MOST);
      assertThat(down / (1 + ROUNDS)).as("down a round, and at the start").isBetween(1.0, MOST);
    }
  }

  @Test
  void of_a_table_only_the_rows_go_up_that_a_mini_batch_names() throws Exception {
    int ids = 20_000;
    int width = 16;
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(
        0,
        RECORDS,
        i -> {
          float[] pair = {i * 7919L % ids, i * 104_729L % ids};
          return Topic.example(i, i % 2, List.of(DenseFeatures.floats("x", pair, pair.length)));
        });
    Story story =
        Story.of(topic, directory)
            .with("source.stop", "never")
            .with("input.features", "[x]")
            .with("input.shape", "[2]")
            .with(
                "model.layers",
                "[{type: Embedding, inputDim: %d, outputDim: %d}, Flatten, {type: Dense, units: 1}]"
                    .formatted(ids, width))
            .with("loss", "{type: BinaryCrossEntropy, fromLogits: true}")
            .with("optimizer", "Adagrad")
            .with("batchSize", BATCH)
            .with("parallelism.trainers", PARTITIONS)
            .with("parallelism.shards", 2);
    try (LocalJob job = story.start(1, null)) {
      JobMetrics metrics = job.flink().metrics();
      Story.until(
          "all records are learned",
          () -> metrics.max(Measure.RECORDS.title()).orElse(0) == RECORDS);

      double up = metrics.sum(Measure.BYTES_UP.title()) / (PARTITIONS * ROUNDS);
      double rows = 2.0 * BATCH * (Integer.BYTES + width * Float.BYTES);
      assertThat(up)
          .as("of a table of %d bytes", ids * width * Float.BYTES)
          .isBetween(rows, 3 * rows + 1_000);
    }
  }

  /** By the server, and by the trainers, whose weights have all come back. */
  private static boolean learned(JobMetrics metrics) {
    return metrics.max(Measure.RECORDS.title()).orElse(0) == RECORDS
        && metrics.sum(Measure.BYTES_DOWN.title()) >= (1 + ROUNDS) * DENSE;
  }
}
