package io.tapestream.jobs;

import io.tapestream.operators.source.PartitionsAddedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A training job from its first submission to its end. Where it ended only in order to go on with
 * more partitions, which join at a submission (R3), it is submitted again from the checkpoint at
 * which it ended. That is no restart, and takes none of those that the specification allows.
 */
public final class TrainingRun implements AutoCloseable {

  /** Submits the job. */
  @FunctionalInterface
  public interface Submitter {

    /**
     * Resolves the job anew and submits it.
     *
     * @param restore the checkpoint or savepoint to go on from; null starts afresh
     */
    RunningJob submit(@Nullable String restore) throws Exception;
  }

  private final Submitter submitter;
  private final Consumer<String> news;
  private RunningJob job;
  private boolean closed;

  private TrainingRun(Submitter submitter, Consumer<String> news, RunningJob job) {
    this.submitter = submitter;
    this.news = news;
    this.job = job;
  }

  /**
   * Submits the job for the first time.
   *
   * @param restore the checkpoint or savepoint to go on from; null starts afresh
   * @param news is told why the job is submitted again
   */
  public static TrainingRun start(
      Submitter submitter, @Nullable String restore, Consumer<String> news) throws Exception {
    return new TrainingRun(submitter, news, submitter.submit(restore));
  }

  /** The job of the newest submission. */
  public synchronized RunningJob job() {
    return job;
  }

  /**
   * Waits a while for the end, and submits the job again if that is all it needs.
   *
   * @return whether it has ended well
   * @throws JobFailedException if it has failed or was cancelled
   */
  public boolean await(Duration time) throws Exception {
    try {
      return job().await(time);
    } catch (JobFailedException failure) {
      Optional<Path> checkpoint = job().newestCheckpoint();
      if (!(failure.getCause() instanceof PartitionsAddedException) || checkpoint.isEmpty()) {
        throw failure;
      }
      news.accept(failure.getCause().getMessage() + "; it is now");
      resubmit(checkpoint.get());
      return false;
    }
  }

  private synchronized void resubmit(Path checkpoint) throws Exception {
    job.close();
    if (!closed) {
      job = submitter.submit(checkpoint.toString());
    }
  }

  /** Cancels the job if it runs, and closes its cluster. */
  @Override
  public synchronized void close() {
    closed = true;
    job.close();
  }
}
