package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.benchmarks.chaos.DiskTrouble;
import io.tapestream.benchmarks.chaos.Scenario;
import io.tapestream.benchmarks.chaos.SmallDisk;
import io.tapestream.benchmarks.chaos.Workload;
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
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training goes on while a disk is full or read-only, and nothing partial is published (I4). */
class DiskFaultsStoryTest {
  private static final int RECORDS = 1_200;
  private static final int PARTITIONS = 3;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;
  private SmallDisk disk;

  @BeforeEach
  void mount() throws IOException {
    Optional<SmallDisk> mounted = SmallDisk.mount(directory.resolve("disk"), DiskTrouble.MEGABYTES);
    assumeTrue(mounted.isPresent(), "skipped: this process may not mount a file system");
    disk = mounted.get();
  }

  @AfterEach
  void unmount() throws IOException {
    if (disk != null) {
      disk.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FULL, LEDGER, hashmap",
    "FULL, LENET, rocksdb",
    "READ_ONLY, LEDGER, rocksdb",
    "READ_ONLY, LENET, hashmap"
  })
  void training_goes_on_while_the_disk_is_in_trouble_and_the_next_version_succeeds_I1_I4(
      DiskTrouble trouble, Workload workload, String backend) throws Exception {
    List<String> steps = new ArrayList<>();
    Scenario scenario = DiskTrouble.scenario(workload, backend);
    String bootstrap = BROKER.kafka().bootstrapServers();
    assertThat(trouble.run(scenario, disk, bootstrap, steps::add).problem())
        .as("%s", steps)
        .isEmpty();
  }

  private static void assertEachVersionIsSound(VersionDirectory versions) throws IOException {
    for (long version : versions.complete()) {
      versions.manifest(version).verify(versions.path(version));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FULL, LEDGER, rocksdb, whose disk is full (",
    "FULL, LENET, hashmap, whose disk is full (",
    "READ_ONLY, LEDGER, hashmap, 'which is read-only: '",
    "READ_ONLY, LENET, rocksdb, 'which is read-only: '"
  })
  void a_disk_that_stays_in_trouble_ends_the_job_with_a_clear_error_and_nothing_partial_I4(
      DiskTrouble trouble, Workload workload, String backend, String seen) throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, RECORDS / 2, i -> workload.example(i, RECORDS));
    Story story =
        Story.of(topic, disk.root())
            .learning(workload, RECORDS)
            .with("batchSize", 4)
            .with("source.stop", "offset " + RECORDS / PARTITIONS)
            .with("parallelism.shards", 2)
            .with("checkpoints.interval", "200 ms")
            .with("checkpoints.tolerate", 3)
            .with("checkpoints.backend", backend)
            .with("restart.attempts", 2);
    try (LocalJob job = story.start(1, null)) {
      Story.until("what was written is published", () -> story.learned() == RECORDS / 2);

      Callable<Void> end =
          () -> {
            Story.until(
                "the job ends",
                () -> {
                  trouble.begin(disk); // others write too: what is given back is taken at once
                  return job.await(Story.PAUSE);
                });
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
