package io.tapestream.jobs;

import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.operators.source.PartitionsAddedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A training job from its first submission to its end. It is submitted again
 *
 * <pre>
 * from the checkpoint at which it ended   where it ended only in order to go on with more
 *                                         partitions, which join at a submission (R3)
 * from the last good version              where batch after batch was skipped, if guard.then says so
 *                                         ({@link Resumption})
 * </pre>
 *
 * That is no restart, and takes none of those that the specification allows; but no more than those
 * are made from one and the same version.
 */
public final class TrainingRun implements AutoCloseable {

  /** How the job is submitted. */
  public interface Submitter {

    /** Resolves the specification, as it is now. */
    Submission resolve() throws Exception;

    /**
     * Submits the job.
     *
     * @param restore the checkpoint or savepoint to go on from; null starts afresh
     */
    RunningJob start(Submission submission, @Nullable String restore) throws Exception;
  }

  // configuration
  private final Submitter submitter;
  private final JobSpec spec;
  private final Consumer<String> news;

  // runtime
  private Submission submission;
  private RunningJob job;
  private boolean closed;
  private long resumedFrom;
  private int resumptions; // in a row, from that version

  private TrainingRun(
      Submitter submitter,
      JobSpec spec,
      Consumer<String> news,
      Submission submission,
      RunningJob job) {
    this.submitter = submitter;
    this.spec = spec;
    this.news = news;
    this.submission = submission;
    this.job = job;
  }

  /**
   * Submits the job for the first time.
   *
   * @param spec the job's specification
   * @param restore the checkpoint or savepoint to go on from; null starts afresh
   * @param news is told why the job is submitted again
   */
  public static TrainingRun start(
      Submitter submitter, JobSpec spec, @Nullable String restore, Consumer<String> news)
      throws Exception {
    Submission resolved = submitter.resolve();
    Submission first = restore == null ? resolved : resolved.restored();
    return new TrainingRun(submitter, spec, news, first, submitter.start(first, restore));
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
      PartitionsAddedException added = Reasons.find(failure, PartitionsAddedException.class);
      if (added != null && checkpoint.isPresent()) {
        news.accept(added.getMessage() + "; it is now");
        resubmit(submitter.resolve().restored(), checkpoint.get().toString());
      } else {
        resume(failure);
      }
      return false;
    }
  }

  private void resume(JobFailedException failure) throws Exception {
    Optional<Resumption> possible =
        spec.guard().resumes()
            ? Resumption.after(failure, submission, job().versions())
            : Optional.empty();
    if (possible.isEmpty()) {
      throw failure;
    }
    Resumption resumption = possible.get();
    resumptions = resumption.version().version() == resumedFrom ? resumptions + 1 : 1;
    resumedFrom = resumption.version().version();
    if (resumptions > spec.restart().attempts()) {
      throw failure; // that version leads nowhere
    }
    news.accept(String.join("; because ", Reasons.of(failure)) + ". " + resumption);
    resubmit(resumption.submission(), null);
  }

  private synchronized void resubmit(Submission next, @Nullable String restore) throws Exception {
    job.close();
    if (!closed) {
      submission = next;
      job = submitter.start(next, restore);
    }
  }

  /** Cancels the job if it runs, and closes its cluster. */
  @Override
  public synchronized void close() {
    closed = true;
    job.close();
  }
}
