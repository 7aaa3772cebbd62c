package io.tapestream.jobs;

import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.io.Serial;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.flink.runtime.checkpoint.CheckpointFailureManager;

/**
 * More checkpoints in a row have failed than {@code checkpoints.tolerate} allows. Flink's own
 * error, the cause, tells the stage that failed; this one also where checkpoints go, what is to be
 * seen there, and what to do.
 */
public final class FailedCheckpointsException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** A disk with less is full: a checkpoint of the smallest job takes some of it. */
  private static final long FULL = 64 << 10;

  private FailedCheckpointsException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Whether a failure is of this kind. */
  static boolean explains(Throwable failure) {
    return Reasons.of(failure).stream()
        .anyMatch(
            reason ->
                reason.contains(
                    CheckpointFailureManager.EXCEEDED_CHECKPOINT_TOLERABLE_FAILURE_MESSAGE));
  }

  /**
   * What explains a failure of this kind.
   *
   * @param newest what the newest checkpoint that failed says of it, if that is known
   */
  static FailedCheckpointsException of(
      Throwable failure, JobSpec.Checkpoints checkpoints, Optional<String> newest) {
    return new FailedCheckpointsException(message(checkpoints, newest), failure);
  }

  private static String message(JobSpec.Checkpoints checkpoints, Optional<String> newest) {
    URI directory = JobRuntime.uri(checkpoints.directory());
    return "more than %d checkpoints in a row have failed (checkpoints.tolerate)%s. They go to %s%s"
            .formatted(
                checkpoints.tolerate(),
                newest.map(reason -> "; the newest one: " + withoutStop(reason)).orElse(""),
                directory,
                seen(directory)
                    .map(what -> ", " + what + ": mend that")
                    .orElse(
                        ": look whether that is full or read-only, and into the job manager's log for"
                            + " more; mend it"))
        + ", or name another checkpoints.directory, and go on with --restore and the newest complete"
        + " checkpoint";
  }

  /** What is wrong with a directory, as far as this machine can see. */
  private static Optional<String> seen(URI directory) {
    if (!"file".equals(directory.getScheme()) || !Files.isDirectory(Path.of(directory))) {
      return Optional.empty(); // another machine's
    }
    Path path = Path.of(directory);
    try {
      if (!Files.isWritable(path)) {
        return Optional.of("which is read-only");
      }
      long usable = Files.getFileStore(path).getUsableSpace();
      return usable < FULL
          ? Optional.of("whose disk is full (%d KiB left)".formatted(usable >> 10))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.of("which can't be looked at (" + e + ")");
    }
  }

  private static String withoutStop(String sentence) {
    String trimmed = sentence.strip();
    return trimmed.endsWith(".") ? trimmed.substring(0, trimmed.length() - 1) : trimmed;
  }
}
