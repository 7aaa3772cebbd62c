package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.benchmarks.chaos.DiskTrouble;
import io.tapestream.benchmarks.chaos.SmallDisk;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.FailedCheckpointsException;
import io.tapestream.jobs.JobFailedException;
import io.tapestream.jobs.LocalJob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Training goes on while a disk is full or read-only, and nothing partial is published (I4). */
class DiskFaultsStoryTest {
  private static final int RECORDS = 1_200;
  private static final int PARTITIONS = 3;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;
  private SmallDisk disk;

  @BeforeEach
  void mount() throws IOException {
    Optional<SmallDisk> mounted = SmallDisk.mount(directory.resolve("disk"), 8);
    assumeTrue(mounted.isPresent(), "skipped: this process may not mount a file system");
    disk = mounted.get();
  }

  @AfterEach
  void unmount() throws IOException {
    if (disk != null) {
      disk.close();
    }
  }

  private static Topic halfATopic() {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, RECORDS / 2, i -> Topic.oneHot(i, RECORDS));
    return topic;
  }

  /** A job whose checkpoints and versions lie on the small disk. */
  private Story story(Topic topic) {
    return Story.of(topic, disk.root())
        .counting(RECORDS)
        .with("batchSize", 4)
        .with("source.stop", "offset " + RECORDS / PARTITIONS)
        .with("parallelism.shards", 2)
        .with("parallelism.blockFloats", 256)
        .with("checkpoints.interval", "200 ms")
        .with("checkpoints.tolerate", 3)
        .with("restart.attempts", 2);
  }

  @Test
  void training_goes_on_while_the_disk_is_full_and_the_next_version_succeeds_I1_I4()
      throws Exception {
    survives(DiskTrouble.FULL);
  }

  @Test
  void training_goes_on_while_the_disk_is_read_only_and_the_next_version_succeeds_I1_I4()
      throws Exception {
    survives(DiskTrouble.READ_ONLY);
  }

  private void survives(DiskTrouble trouble) throws Exception {
    List<String> steps = new ArrayList<>();
    String bootstrap = BROKER.kafka().bootstrapServers();
    assertThat(trouble.run("synchronous", disk, bootstrap, steps::add).problem())
        .as("%s", steps)
        .isEmpty();
  }

  private static void assertEachVersionIsSound(VersionDirectory versions) throws IOException {
    for (long version : versions.complete()) {
      versions.manifest(version).verify(versions.path(version));
    }
  }

  @Test
  void a_disk_that_stays_full_ends_the_job_with_a_clear_error_and_nothing_partial_I4()
      throws Exception {
    endsTheJob(DiskTrouble.FULL, "whose disk is full (");
  }

  @Test
  void a_disk_that_stays_read_only_ends_the_job_with_a_clear_error_and_nothing_partial_I4()
      throws Exception {
    endsTheJob(DiskTrouble.READ_ONLY, "which is read-only: ");
  }

  private void endsTheJob(DiskTrouble trouble, String seen) throws Exception {
    Topic topic = halfATopic();
    Story story = story(topic);
    try (LocalJob job = story.start(1, null)) {
      Story.until("a version is published", () -> story.versions().newest().isPresent());
      trouble.begin(disk);

      Callable<Void> end =
          () -> {
            Story.await(job);
            return null;
          };
      assertThatThrownBy(end::call)
          .isInstanceOf(JobFailedException.class)
          .hasStackTraceContaining("Exceeded checkpoint tolerable failure threshold")
          .cause()
          .isInstanceOf(FailedCheckpointsException.class)
          .hasMessageContaining("more than 3 checkpoints in a row have failed")
          .hasMessageContaining("; the newest one: ")
          .hasMessageContaining("They go to " + disk.root().resolve("checkpoints").toUri())
          .hasMessageContaining(seen)
          .hasMessageContaining(": mend that, or name another checkpoints.directory")
          .hasMessageContaining("go on with --restore");
      assertEachVersionIsSound(story.versions());
    }
  }
}
