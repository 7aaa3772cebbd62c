package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.schemas.DenseFeatures;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job may run for months: after it has warmed up, its memory does not grow. */
class FlatMemoryStoryTest {
  private static final int ROUNDS = 10_000;
  private static final int BATCH = 4;
  private static final int PARTITIONS = 2;
  private static final int WIDTH = 8;
  private static final long MIB = 1 << 20;

  /** What the process holds besides the Java heap, and what native arrays hold of it; in bytes. */
  private record Memory(long outsideHeap, long nativeArrays) {

    static Memory now() throws Exception {
      System.gc();
      long resident = 0;
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          resident = Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
      return new Memory(Math.max(0, resident - heap), Pointer.totalBytes());
    }
  }

  @TempDir Path directory;

  @Test
  void memory_is_flat_over_ten_thousand_rounds() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/proc/self/status")), "resident memory is read from Linux's /proc");
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, PARTITIONS);
      topic.writeAvro(
          0,
          ROUNDS * BATCH * PARTITIONS,
          i -> {
            float[] x = new float[WIDTH];
            x[i % WIDTH] = 1;
            return Topic.example(i, i % 2, java.util.List.of(DenseFeatures.floats("x", x, WIDTH)));
          });
      Story story =
          Story.of(topic, directory)
              .with("input.features", "[x]")
              .with("input.shape", "[" + WIDTH + "]")
              .with(
                  "model.layers",
                  "[{type: Dense, units: 16, activation: relu}, {type: Dense, units: 1}]")
              .with("loss", "{type: BinaryCrossEntropy, fromLogits: true}")
              .with("optimizer", "{type: Adam, learningRate: 0.01}")
              .with("batchSize", BATCH)
              .with("checkpoints.interval", "1 s");
      try (LocalJob job = story.start(1, null)) {
        Story.until("the job has warmed up", () -> job.progress().round() >= ROUNDS / 3);
        Memory before = Memory.now();
        Story.until("most rounds are done", () -> job.progress().round() >= ROUNDS * 19 / 20);
        Memory after = Memory.now();

        assertThat(after.nativeArrays() - before.nativeArrays())
            .as("growth of native arrays, in bytes")
            .isLessThan(MIB);
        assertThat(after.outsideHeap() - before.outsideHeap())
            .as("growth of resident memory outside the heap, in bytes")
            .isLessThan(64 * MIB);
        Story.await(job);
      }
    }
  }
}
