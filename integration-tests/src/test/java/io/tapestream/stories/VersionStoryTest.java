package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Manifest;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** I5: a version is a checkpoint, written as files. */
class VersionStoryTest {
  private static final int WIDTH = 1_200;
  private static final int PARTITIONS = 3;

  @TempDir Path directory;

  @Test
  void the_version_of_checkpoint_n_is_what_restoring_checkpoint_n_gives_I5() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, PARTITIONS);
      topic.writeAvro(0, WIDTH * 2 / 3, i -> Topic.oneHot(i, WIDTH));
      Story story =
          Story.of(topic, directory)
              .counting(WIDTH)
              .with("model.class", RememberingModel.class.getName())
              .with("source.stop", "offset " + WIDTH / PARTITIONS)
              .with("batchSize", 4)
              .with("parallelism.trainers", 2)
              .with("parallelism.shards", 2)
              .with("parallelism.blockFloats", 256);
      try (LocalJob job = story.start(1, null)) {
        Story.until(
            "a checkpoint that is kept has a version",
            () -> published(story) != null && !job.await(Duration.ofMillis(1)));
      }
      Path checkpoint = published(story);
      Manifest manifest = manifestOf(story, number(checkpoint));
      float[] version = story.weights(manifest.version());

      RememberingModel.ask();
      topic.writeAvro(WIDTH * 2 / 3, WIDTH, i -> Topic.oneHot(i, WIDTH));
      try (LocalJob job = story.start(1, checkpoint.toUri().toString())) {
        Story.await(job);
      }

      assertThat(RememberingModel.answer()).as("weights after the restore").isEqualTo(version);
      Map<Integer, Long> learned = manifest.topics().get(topic.name());
      for (int i = 0; i < WIDTH; i++) {
        assertThat(version[i])
            .as("record %d of partition %d", i / PARTITIONS, i % PARTITIONS)
            .isEqualTo(i / PARTITIONS < learned.get(i % PARTITIONS) ? 1f : 0f);
      }
      assertThat(story.newestWeights()).as("all records, in the end").containsOnly(1f);
    }
  }

  /** The newest checkpoint that is kept and has a version; null while there is none. */
  private static Path published(Story story) throws Exception {
    Path checkpoints = story.directory().resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return null;
    }
    Map<Long, Path> kept = new TreeMap<>();
    try (var found = Files.walk(checkpoints)) {
      found
          .filter(path -> path.endsWith("_metadata"))
          .forEach(path -> kept.put(number(path.getParent()), path.getParent()));
    }
    List<Long> versions = new ArrayList<>(story.versions().complete());
    Collections.reverse(versions);
    for (long version : versions) {
      Path checkpoint = kept.get(story.versions().manifest(version).checkpoint());
      if (checkpoint != null) {
        return checkpoint;
      }
    }
    return null;
  }

  private static Manifest manifestOf(Story story, long checkpoint) throws Exception {
    for (long version : story.versions().complete()) {
      Manifest manifest = story.versions().manifest(version);
      if (manifest.checkpoint() == checkpoint) {
        return manifest;
      }
    }
    throw new AssertionError("no version of checkpoint " + checkpoint);
  }

  private static long number(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().substring("chk-".length()));
  }
}
