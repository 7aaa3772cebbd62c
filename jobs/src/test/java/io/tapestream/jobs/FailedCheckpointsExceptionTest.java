package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.util.FlinkRuntimeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code DiskFaultsStoryTest} has disks that are full and read-only. */
class FailedCheckpointsExceptionTest {
  private final Throwable flinks =
      new FlinkRuntimeException(
          "Exceeded checkpoint tolerable failure threshold. The latest checkpoint failed due to x");

  @TempDir private Path directory;

  @Test
  void onlyFlinksFailureOfManyCheckpointsIsOne() {
    assertThat(FailedCheckpointsException.explains(new RuntimeException(flinks))).isTrue();
    assertThat(FailedCheckpointsException.explains(new RuntimeException("no topic"))).isFalse();
  }

  @Test
  void whereNothingIsSeenTheMessageSaysWhereToLookAndWhatToDo() {
    Optional<String> newest = Optional.of("Asynchronous task checkpoint failed.");
    assertThat(FailedCheckpointsException.of(flinks, checkpoints(directory.toString()), newest))
        .hasMessage(
            "more than 3 checkpoints in a row have failed (checkpoints.tolerate); the newest one:"
                + " Asynchronous task checkpoint failed. They go to "
                + directory.toUri()
                + ": look whether that is full or read-only, and into the job manager's log for"
                + " more; mend it, or name another checkpoints.directory, and go on with --restore"
                + " and the newest complete checkpoint")
        .hasCause(flinks);
  }

  @Test
  void aDirectoryThatIsNotOfThisMachineIsNamedAsItIs() {
    assertThat(
            FailedCheckpointsException.of(
                flinks, checkpoints("s3://bucket/checkpoints"), Optional.empty()))
        .hasMessageStartingWith(
            "more than 3 checkpoints in a row have failed (checkpoints.tolerate). They go to"
                + " s3://bucket/checkpoints: look whether");
  }

  private static JobSpec.Checkpoints checkpoints(String directory) {
    return new JobSpec.Checkpoints(Duration.ofSeconds(1), directory, 3, "hashmap");
  }
}
