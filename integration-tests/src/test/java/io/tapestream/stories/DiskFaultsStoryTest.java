package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.JobFailedException;
import io.tapestream.jobs.LocalJob;
import java.io.IOException;
import java.nio.file.Path;
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

  /** So many are written before the disk is repaired. */
  private static final int MEANWHILE = RECORDS * 3 / 4;

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

  private Topic halfATopic() {
    Topic topic = BROKER.topic(PARTITIONS);
    write(topic, 0, RECORDS / 2);
    return topic;
  }

  private static void write(Topic topic, int from, int to) {
    topic.writeAvro(from, to, i -> Topic.oneHot(i, RECORDS));
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
        .with("checkpoints.tolerate", 1_000);
  }

  @Test
  void training_goes_on_while_the_disk_is_full_and_the_next_version_succeeds_I1_I4()
      throws Exception {
    survives(disk::fill, disk::free);
  }

  @Test
  void training_goes_on_while_the_disk_is_read_only_and_the_next_version_succeeds_I1_I4()
      throws Exception {
    survives(disk::turnReadOnly, disk::turnWritable);
  }

  private interface Change {
    void make() throws IOException;
  }

  private void survives(Change fault, Change repair) throws Exception {
    Topic topic = halfATopic();
    Story story = story(topic);
    try (LocalJob job = story.start(1, null)) {
      Story.until("a version is published", () -> story.versions().newest().isPresent());
      fault.make();

      write(topic, RECORDS / 2, MEANWHILE);
      Story.until("it was learned all the same", () -> job.progress().records() == MEANWHILE);
      assertThat(job.newFailure()).isEmpty();
      assertEachVersionIsSound(story.versions());
      long newest = story.versions().newest().orElseThrow();
      assertThat(story.versions().manifest(newest).records()).isLessThan(MEANWHILE);

      repair.make();
      write(topic, MEANWHILE, RECORDS);
      Story.await(job);
    }
    assertEachVersionIsSound(story.versions());
    assertThat(story.newestWeights()).hasSize(RECORDS).containsOnly(1f);
  }

  private static void assertEachVersionIsSound(VersionDirectory versions) throws IOException {
    for (long version : versions.complete()) {
      versions.manifest(version).verify(versions.path(version));
    }
  }

  @Test
  void a_disk_that_stays_full_ends_the_job_with_a_clear_error_and_nothing_partial_I4()
      throws Exception {
    Topic topic = halfATopic();
    Story story = story(topic).with("checkpoints.tolerate", 3).with("restart.attempts", 2);
    try (LocalJob job = story.start(1, null)) {
      Story.until("a version is published", () -> story.versions().newest().isPresent());
      disk.fill();

      Callable<Void> end =
          () -> {
            Story.await(job);
            return null;
          };
      assertThatThrownBy(end::call)
          .isInstanceOf(JobFailedException.class)
          .hasStackTraceContaining("Exceeded checkpoint tolerable failure threshold");
      assertEachVersionIsSound(story.versions());
    }
  }
}
