package io.tapestream.jobs;

import java.io.Serial;

/** A job that was running has failed; the cause is what went wrong in it. */
public final class JobFailedException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private JobFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  /** A job's failure; its reason without what Flink wraps around it. */
  static JobFailedException of(String job, Throwable failure) {
    return new JobFailedException("job " + job + " failed", Reasons.unwrapped(failure));
  }
}
